package ssh

import (
	"context"
	"errors"

	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/internal/glob"
)

// List implements remote.Reader.
func (c *Client) List(ctx context.Context, patterns []string) ([]remote.FileInfo, error) {
	if _, err := glob.Folders(patterns); err != nil {
		return nil, err // nobody need log in to find that out
	}
	s, err := c.Session(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.List(ctx, patterns)
}

// ReadAt implements remote.Reader.
func (c *Client) ReadAt(ctx context.Context, path string, offset, limit int64) ([]byte, error) {
	if err := remote.CheckPath(path); err != nil {
		return nil, &remote.Error{Reason: remote.Other, Op: "read " + path, Err: err}
	}
	s, err := c.Session(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.ReadAt(ctx, path, offset, limit)
}

// Session implements remote.SessionReader: an SFTP session, or two displaying
// commands where the device refuses SFTP.
func (c *Client) Session(ctx context.Context) (remote.ReadSession, error) {
	t, err := c.transfer(ctx)
	if errors.Is(err, errNoSFTP) {
		return &byCommand{c}, nil
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}
