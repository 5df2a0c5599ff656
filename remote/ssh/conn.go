package ssh

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// conn is one logged-in connection. The Client's lock guards refs and retired.
type conn struct {
	client  *ssh.Client
	link    *link
	address string

	once sync.Once
	dead chan struct{} // closed when the connection is gone

	// refs counts the commands that use the connection, those being ended
	// included. A retired connection takes no more of them and is closed with
	// the last one.
	refs    int
	retired bool

	// noSFTP is set once the device refused SFTP on this connection.
	noSFTP atomic.Bool
}

func newConn(client *ssh.Client, l *link, address string) *conn {
	return &conn{client: client, link: l, address: address, dead: make(chan struct{})}
}

// close ends the connection; it never waits for the other side.
func (cn *conn) close() {
	cn.once.Do(func() {
		// Not through the SSH library first: its farewell could block on a
		// connection that takes no more bytes.
		_ = cn.link.Close()
		_ = cn.client.Close()
	})
}

// keepAlive asks for a sign of life every interval, until the connection ends.
// One that shows none for a whole interval is given up.
func (cn *conn) keepAlive(interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-cn.dead:
			return
		case <-ticker.C:
		}
		if !cn.alive(interval) {
			cn.close()
			return
		}
	}
}

// alive sends a request that every server must answer, if only by refusing it.
func (cn *conn) alive(patience time.Duration) bool {
	reply := make(chan bool, 1)
	go func() {
		_, _, err := cn.client.SendRequest("keepalive@openssh.com", true, nil)
		reply <- err == nil
	}()
	for {
		asked := time.Now()
		timer := time.NewTimer(patience)
		select {
		case ok := <-reply:
			timer.Stop()
			return ok
		case <-cn.dead:
			timer.Stop()
			<-reply
			return false
		case <-timer.C:
			// A device that is busy sending an answer may take its time to
			// reply, but it is heard.
			if !cn.link.heardSince(asked) {
				cn.close()
				<-reply
				return false
			}
		}
	}
}
