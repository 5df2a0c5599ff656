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

// settle is how long the end of a connection is held back, see link.Read.
const settle = 100 * time.Millisecond

// link is the network connection under an SSH connection. It knows three things
// that the SSH library does not tell: when the other side was last heard, which
// tells a slow device from a dead one; what it said first, which tells an SSH
// server from another service; and whether the connection broke before or after
// a session was closed in good order.
type link struct {
	net.Conn
	heard  atomic.Int64 // UnixNano
	inUse  atomic.Bool  // logged in
	broken atomic.Bool
	once   sync.Once
	closed chan struct{} // by this side

	mu    sync.Mutex
	first []byte
}

func newLink(c net.Conn) *link { return &link{Conn: c, closed: make(chan struct{})} }

// Read notes that the other side is alive.
//
// The end of the connection is held back for a moment. The library reads ahead,
// and ends every session when the connection ends; only once all that was read
// before has taken effect is a session that ends now one that the connection cut
// off, and not one that was complete when a device hung up behind its answer.
func (l *link) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if n > 0 {
		l.heard.Store(time.Now().UnixNano())
		l.note(p[:n])
	}
	if err == nil {
		return n, nil
	}
	if l.inUse.Load() {
		select {
		case <-time.After(settle):
		case <-l.closed:
		}
	}
	l.broken.Store(true)
	if errors.Is(err, io.EOF) {
		err = errPeerClosed
	}
	return n, err
}

// Close ends the connection.
func (l *link) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Conn.Close()
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
