package ssh

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/ssh"

	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/internal/capture"
)

// session is one command running on the device.
//
// It works on the channel itself and not on ssh.Session, to know three things
// that ssh.Session does not tell: that an answer outgrew its cap, that the other
// side closed the channel in good order, and that anything was heard at all.
type session struct {
	channel ssh.Channel
	stdout  *capture.Buffer
	stderr  *capture.Buffer
	// full is closed when standard output exceeds its cap.
	full     chan struct{}
	fullOnce sync.Once
	// gone is closed when the channel is: by the other side, or with the
	// connection. done is closed when all output was read as well.
	gone, done chan struct{}
	heard      atomic.Bool // any output

	// Valid once gone is closed. complete says that the device closed the
	// session in good order, and that it was not cut off with the connection.
	// An exit status alone is no proof that all output arrived: sshd sends it
	// ahead of output that it still holds.
	complete bool

	exited bool
	status int
	signal string
}

// errRejected is a device that opens sessions but does not run the command.
var errRejected = errors.New("the device refuses to run the command")

// open starts a command. It may block for as long as the connection hangs.
func open(cn *conn, execString string, stdout *capture.Buffer) (*session, error) {
	s, err := request(cn, "exec", execString)
	if err != nil {
		return nil, err
	}
	s.stdout = stdout
	var readers sync.WaitGroup
	readers.Add(2)
	go func() {
		defer readers.Done()
		if _, err := io.Copy(&noting{s.stdout, &s.heard}, s.channel); errors.Is(err, capture.ErrTooLarge) {
			s.fullOnce.Do(func() { close(s.full) })
		}
	}()
	go func() {
		defer readers.Done()
		_, _ = io.Copy(&noting{s.stderr, &s.heard}, s.channel.Stderr())
	}()
	go func() {
		readers.Wait()
		<-s.gone
		close(s.done)
	}()
	return s, nil
}

// openSFTP starts the SFTP server. What it says is for the SFTP client to read.
func openSFTP(cn *conn) (*session, error) {
	s, err := request(cn, "subsystem", "sftp")
	if err != nil {
		return nil, err
	}
	// Unread, it would use up what the device may send.
	go func() { _, _ = io.Copy(io.Discard, s.channel.Stderr()) }()
	return s, nil
}

// request opens a session and asks for what is to run in it.
func request(cn *conn, kind, what string) (*session, error) {
	channel, requests, err := cn.client.OpenChannel("session", nil)
	if err != nil {
		return nil, err
	}
	s := &session{
		channel: channel, stderr: capture.NewHead(remote.StderrLimit),
		full: make(chan struct{}), gone: make(chan struct{}), done: make(chan struct{}),
	}
	go s.follow(requests, cn.link)
	ok, err := channel.SendRequest(kind, true, ssh.Marshal(struct{ What string }{what}))
	if err == nil && !ok {
		err = errRejected
	}
	if err != nil {
		// Keep nothing: without an answer to close there is nothing to read.
		_ = channel.Close()
		return nil, err
	}
	return s, nil
}

// follow reads what the device says about the command's end.
func (s *session) follow(requests <-chan *ssh.Request, l *link) {
	defer func() {
		s.complete = !l.broken.Load()
		close(s.gone)
	}()
	for r := range requests {
		switch r.Type {
		case "exit-status":
			if len(r.Payload) >= 4 {
				s.exited, s.status = true, int(binary.BigEndian.Uint32(r.Payload))
			}
		case "exit-signal":
			var signal struct {
				Name       string
				CoreDumped bool
				Message    string
				Language   string
			}
			if ssh.Unmarshal(r.Payload, &signal) == nil {
				s.signal = signal.Name
			}
		default:
			if r.WantReply {
				_ = r.Reply(false, nil)
			}
		}
	}
}

func (s *session) send(signal string) {
	_, _ = s.channel.SendRequest("signal", false, ssh.Marshal(struct{ Name string }{signal}))
}

// noting is a writer that notes that something was written.
type noting struct {
	*capture.Buffer
	heard *atomic.Bool
}

func (n *noting) Write(p []byte) (int, error) {
	n.heard.Store(true)
	return n.Buffer.Write(p)
}
