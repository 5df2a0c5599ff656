package ssh

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// greetingLimit is enough of what a server says first to tell SSH from others.
const greetingLimit = 512

// link is the network connection under an SSH connection. It knows when the
// other side was last heard, which tells a slow device from a dead one, and what
// it said first, which tells an SSH server from another service.
type link struct {
	net.Conn
	heard atomic.Int64 // UnixNano

	mu    sync.Mutex
	first []byte
}

// Read notes that the other side is alive. The end of the stream becomes an
// error of its own: the SSH library reports a channel that the other side closed
// in good order as io.EOF, and only so can the two be told apart, see
// session.closedByPeer.
func (l *link) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if n > 0 {
		l.heard.Store(time.Now().UnixNano())
		l.note(p[:n])
	}
	if errors.Is(err, io.EOF) {
		err = errPeerClosed
	}
	return n, err
}

func (l *link) note(p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if room := greetingLimit - len(l.first); room > 0 {
		l.first = append(l.first, p[:min(room, len(p))]...)
	}
}

func (l *link) greeting() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.first)
}

// heardSince says whether anything arrived after t.
func (l *link) heardSince(t time.Time) bool { return l.heard.Load() > t.UnixNano() }
