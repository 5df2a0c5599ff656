//go:build unix

package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pkg/sftp"

	"dataprotection_exporter/fixtures/sshserver"
	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/internal/glob"
	"dataprotection_exporter/remote/logtail"
)

// ways are the ways in which files are read on a real sshd.
var ways = map[string]struct {
	config string
	sftp   bool
}{
	"sftp":               {"Subsystem sftp internal-sftp", true},
	"no SFTP server":     {"", false},
	"SFTP server absent": {"Subsystem sftp /no/such/sftp-server", false},
	"not SFTP":           {"Subsystem sftp /bin/echo this account may run two commands only", false},
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// refusedSFTP says whether the open connection is known to be without SFTP.
func refusedSFTP(c *Client) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn != nil && c.conn.noSFTP.Load()
}

func TestOpenSSHReads(t *testing.T) {
	t.Parallel()
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newOpenSSH(t, way.config)
			c := s.client(t, nil)
			dir, other := t.TempDir(), t.TempDir()
			content := strings.Repeat("0123456789abcde\n", 1<<16) // 1 MiB
			put(t, dir+"/gsan.log", content)
			put(t, dir+"/gsan.log.001", "")
			put(t, dir+"/gsan.log odd", "x")
			put(t, dir+"/err.log", "x")
			put(t, other+"/err.log", "y")
			old := time.Unix(1_577_795_723, 0)
			for _, err := range []error{
				os.Chtimes(dir+"/gsan.log.001", old, old), os.Mkdir(dir+"/gsan.log.d", 0o700),
				os.Symlink(other+"/err.log", dir+"/gsan.log.link"), os.Symlink("nowhere", dir+"/gsan.log.dangling"),
				os.Symlink(dir, other+"/cur"),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			files, err := c.List(outerDeadline(t), []string{dir + "/gsan.log*", other + "/err.*", other + "/none"})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range files {
				got = append(got, fmt.Sprintf("%s:%d", f.Path, f.Size))
				if info, err := os.Stat(f.Path); err != nil || f.ModTime.Unix() != info.ModTime().Unix() {
					t.Errorf("%s: modified %v %v, listed %v", f.Path, info.ModTime(), err, f.ModTime)
				}
			}
			want := []string{dir + "/gsan.log:1048576", dir + "/gsan.log.001:0", dir + "/gsan.log.link:1", other + "/err.log:1"}
			if !slices.Equal(got, want) {
				t.Errorf("listed %q, want %q", got, want)
			}
			if files, err := c.List(outerDeadline(t), []string{other + "/cur/err.log"}); err != nil || len(files) != 1 {
				t.Errorf("in a folder that is a link: %v %v", files, err)
			}
			for _, part := range [][2]int64{{0, 10}, {0, 1 << 20}, {5, 300_000}, {1<<20 - 3, 100}, {1 << 20, 10}, {1 << 40, 10}} {
				data, err := c.ReadAt(outerDeadline(t), dir+"/gsan.log", part[0], part[1])
				size := int64(len(content))
				if err != nil || string(data) != content[min(part[0], size):min(part[0]+part[1], size)] {
					t.Errorf("%d bytes from %d: %d bytes, %v", part[1], part[0], len(data), err)
				}
			}
			for what, ask := range map[string]func() error{
				"folder": func() error { _, err := c.List(outerDeadline(t), []string{dir + "/no/x*"}); return err },
				"file":   func() error { _, err := c.ReadAt(outerDeadline(t), dir+"/no", 0, 1); return err },
			} {
				if err := ask(); !errors.Is(err, fs.ErrNotExist) || remote.ReasonOf(err) != remote.Other || remote.AdviceOf(err) == "" {
					t.Errorf("missing %s: %q %v", what, remote.ReasonOf(err), err)
				}
			}
			if refusedSFTP(c) == way.sftp {
				t.Error("SFTP is remembered as refused:", refusedSFTP(c))
			}
			ask(t, c, posix("true"))
		})
	}
}

// A log that is written to, rotated and truncated, followed over a real sshd.
func TestOpenSSHFollows(t *testing.T) {
	t.Parallel()
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newOpenSSH(t, way.config)
			c := s.client(t, func(cfg *Config) { cfg.MaxSessions = 1 })
			dir := t.TempDir()
			log := filepath.Join(dir, "gsan.log")
			write := func(text string) {
				t.Helper()
				f, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := f.WriteString(text); err != nil {
					t.Fatal(err)
				}
				if err := f.Close(); err != nil {
					t.Fatal(err)
				}
			}
			var f logtail.Follower
			poll := func(want ...string) {
				t.Helper()
				var got []string
				p, err := f.Poll(outerDeadline(t), c, []string{log + "*"}, func(_ string, line []byte) { got = append(got, string(line)) })
				if err != nil || len(p.Errors) > 0 {
					t.Fatal(err, p.Errors)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%q, want %q", got, want)
				}
				ask(t, c, posix("true")) // the one session is free again
			}
			write("before\n")
			poll()
			write("one\ntw")
			poll("one")
			write("o\n")
			if err := os.Rename(log, log+".001"); err != nil {
				t.Fatal(err)
			}
			write("three\n")
			poll("two", "three")
			if err := os.Truncate(log, 0); err != nil {
				t.Fatal(err)
			}
			poll()
			write("four\n")
			poll("four")
		})
	}
}

// diskless is the file system of a fake device, with what goes wrong there.
type diskless struct {
	reading chan struct{} // told when a read of /hang begins
	release chan struct{} // closed, lets it end
	flood   atomic.Bool
}

func (d *diskless) handlers(string) sftp.Handlers { return sftp.Handlers{FileGet: d, FileList: d} }

func (d *diskless) Fileread(r *sftp.Request) (io.ReaderAt, error) {
	switch r.Filepath {
	case "/denied":
		return nil, sftp.ErrSSHFxPermissionDenied
	case "/hang":
		d.reading <- struct{}{}
		<-d.release
		return nil, os.ErrNotExist
	}
	return strings.NewReader("content"), nil
}

func (d *diskless) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	if r.Filepath == "/denied" {
		return nil, sftp.ErrSSHFxPermissionDenied
	}
	return d, nil
}

func (d *diskless) ListAt(to []os.FileInfo, _ int64) (int, error) {
	if !d.flood.Load() {
		return 0, io.EOF
	}
	for i := range to {
		to[i] = endless{}
	}
	return len(to), nil
}

// endless is one of endless files.
type endless struct{}

func (endless) Name() string       { return strings.Repeat("n", 200) }
func (endless) Size() int64        { return 1 }
func (endless) Mode() os.FileMode  { return 0o600 }
func (endless) ModTime() time.Time { return time.Unix(0, 0) }
func (endless) IsDir() bool        { return false }
func (endless) Sys() any           { return nil }

// startDiskless is a fake device and its client.
func startDiskless(t *testing.T, change func(*Config)) (*diskless, *sshserver.Server, *Client) {
	t.Helper()
	d := &diskless{reading: make(chan struct{}, 10), release: make(chan struct{})}
	s, err := sshserver.Start(sshserver.Config{
		Users: []sshserver.User{{Name: testUser, Password: testPassword}}, SFTP: d.handlers,
		Handler: func(_ context.Context, e sshserver.Exec) int { _, _ = io.WriteString(e.Stdout, "ok\n"); return 0 },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		close(d.release)
		_ = s.Close()
	})
	c := client(t, func(cfg *Config) {
		cfg.Addresses, cfg.Fingerprints, cfg.InsecureIgnoreHostKey = []string{s.Address()}, nil, true
		if change != nil {
			change(cfg)
		}
	})
	return d, s, c
}

func TestSFTPFailures(t *testing.T) {
	t.Parallel()
	d, s, c := startDiskless(t, nil)
	_, readErr := c.ReadAt(outerDeadline(t), "/denied", 0, 1)
	_, listErr := c.List(outerDeadline(t), []string{"/denied/x*"})
	for _, err := range []error{readErr, listErr} {
		if remote.ReasonOf(err) != remote.Permission || remote.AdviceOf(err) == "" {
			t.Errorf("%q: %v", remote.ReasonOf(err), err)
		}
	}
	d.flood.Store(true)
	if _, err := c.List(outerDeadline(t), []string{"/x/y*"}); remote.ReasonOf(err) != remote.TooLarge || remote.AdviceOf(err) == "" {
		t.Errorf("endless listing: %q: %v", remote.ReasonOf(err), err)
	}
	d.flood.Store(false)
	for _, bad := range []string{"/a/../b", "x", "/a b", "/a*"} {
		if _, err := c.ReadAt(outerDeadline(t), bad, 0, 1); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
	if _, err := c.List(outerDeadline(t), []string{"/a*/b"}); err == nil {
		t.Error("a wildcard in a folder is taken")
	}
	if n := s.Connections().Total; n != 1 {
		t.Errorf("%d connections", n)
	}
}

// A deadline ends the read and the session; the connection serves on.
func TestSFTPDeadline(t *testing.T) {
	t.Parallel()
	d, s, c := startDiskless(t, func(cfg *Config) { cfg.MaxSessions = 2 })
	ctx, cancel := context.WithCancel(outerDeadline(t))
	ended := make(chan error, 1)
	go func() {
		_, err := c.ReadAt(ctx, "/hang", 0, 1)
		ended <- err
	}()
	<-d.reading
	cancel()
	if err := <-ended; remote.ReasonOf(err) != remote.Timeout || !errors.Is(err, context.Canceled) || remote.AdviceOf(err) == "" {
		t.Fatal(err)
	}
	if data, err := c.ReadAt(outerDeadline(t), "/file", 3, 100); err != nil || string(data) != "tent" {
		t.Fatalf("%q %v", data, err)
	}
	if n := s.Connections().Total; n != 1 {
		t.Errorf("%d connections", n)
	}
	if _, err := c.ReadAt(ctx, "/file", 0, 1); remote.ReasonOf(err) != remote.Timeout {
		t.Error(err)
	}
}

// One session serves several reads, and takes one of max_sessions until closed.
func TestSFTPSession(t *testing.T) {
	t.Parallel()
	_, s, c := startDiskless(t, func(cfg *Config) { cfg.MaxSessions = 1 })
	session, err := c.Session(outerDeadline(t))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if data, err := session.ReadAt(outerDeadline(t), "/file", 0, 100); err != nil || string(data) != "content" {
				t.Errorf("%q %v", data, err)
			}
		})
	}
	wg.Wait()
	brief, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	fails(t, c, brief, posix("true"), remote.Timeout, "sessions")
	session.Close()
	session.Close()
	ask(t, c, posix("true"))
	if _, err := session.ReadAt(outerDeadline(t), "/file", 0, 100); err == nil {
		t.Error("a closed session reads")
	}
	if n := s.Connections().Total; n != 1 {
		t.Errorf("%d connections", n)
	}
}

// The end of the client ends what reads; a broken connection is said to be.
func TestSFTPInterrupted(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"close", "connection"} {
		t.Run(way, func(t *testing.T) {
			d, s, c := startDiskless(t, nil)
			ended := make(chan error, 1)
			go func() {
				_, err := c.ReadAt(outerDeadline(t), "/hang", 0, 1)
				ended <- err
			}()
			<-d.reading
			if way == "close" {
				_ = c.Close()
			} else {
				s.DropConnections()
			}
			if err := <-ended; remote.ReasonOf(err) != remote.Disconnected {
				t.Errorf("%q: %v", remote.ReasonOf(err), err)
			}
			if way == "close" {
				if _, err := c.ReadAt(outerDeadline(t), "/file", 0, 1); err == nil {
					t.Error("a closed client reads")
				}
				return
			}
			if _, err := c.ReadAt(outerDeadline(t), "/file", 0, 1); err != nil {
				t.Error("does not connect anew:", err)
			}
		})
	}
}

func TestHeadKeepsTheBeginning(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(f *fake) {
		f.run = func(c *call) int {
			if c.command == "short" {
				c.print("12345")
				return 0
			}
			for {
				select {
				case <-c.gone:
					return 0
				default:
					c.print("0123456789")
				}
			}
		}
	})
	c := client(t, nil, f)
	for command, want := range map[string]string{"long": "01234567890", "short": "12345"} {
		answer := ask(t, c, remote.Command{Argv: []string{command}, Limit: 11, Head: true})
		if string(answer.Stdout) != want || answer.Cut != (command == "long") {
			t.Errorf("%s: %q cut=%v", command, answer.Stdout, answer.Cut)
		}
	}
	until(t, "the long command ends", func() bool { return f.running.Load() == 0 })
}

func TestCommandFailed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		exit     int
		says     string
		reason   remote.Reason
		notExist bool
	}{
		{2, "ls: cannot access '/x/': No such file or directory", remote.Other, true},
		{1, "tail: cannot open '/x' for reading: No such file or directory", remote.Other, true},
		{1, "tail: cannot open '/x' for reading: Permission denied", remote.Permission, false},
		{127, "env: tail: not found", remote.NotSupported, false},
		{126, "this account may not", remote.NotSupported, false},
		{1, "something else", remote.ExitStatus, false},
	} {
		err := commandFailed("read /x", remote.Answer{ExitStatus: c.exit, Stderr: []byte(c.says + "\n")})
		if err.Reason != c.reason || errors.Is(err, fs.ErrNotExist) != c.notExist || err.Advice == "" || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q %v", c.says, err.Reason, err)
		}
	}
}

func TestParseList(t *testing.T) {
	t.Parallel()
	folders, err := glob.Folders([]string{"/c/gsan.log*"})
	if err != nil {
		t.Fatal(err)
	}
	files := parseList(folders[0], []byte(`total 2097160
drwxr-xr-x  2 500 500       4096 1700000000 .
-rw-r--r--+ 1 500 500 2147483648 1700000001 gsan.log
-rw-r--r--  1   0   0          0 1700000002 gsan.log.001
-rw-r--r--  1   0   0          5 1700000003 gsan.log a
-rw-r--r--  1   0   0          5 1700000003 gsan.log.?
-rw-r--r--  1   0   0         -5 1700000003 gsan.log.002
-rw-r--r--  1   0   0          x 1700000003 gsan.log.003
l?????????  ? ?   ?            ?          ? gsan.log.004
crw-rw-rw-  1   0   0   1,     3 1700000003 gsan.log.005
-rw-r--r--  1   0   0          5
`))
	want := []remote.FileInfo{
		{Path: "/c/gsan.log", Size: 2147483648, ModTime: time.Unix(1700000001, 0)},
		{Path: "/c/gsan.log.001", Size: 0, ModTime: time.Unix(1700000002, 0)},
	}
	if !slices.Equal(files, want) {
		t.Errorf("%+v", files)
	}
}

func FuzzParseList(f *testing.F) {
	f.Add([]byte("-rw-r--r-- 1 500 500 12 1700000001 gsan.log\r\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		folders, _ := glob.Folders([]string{"/c/*"})
		for _, file := range parseList(folders[0], out) {
			if remote.CheckPath(file.Path) != nil || file.Size < 0 {
				t.Errorf("%+v", file)
			}
		}
	})
}
