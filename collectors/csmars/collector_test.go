package csmars

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"

	"dataprotection_exporter/collectors/csmars/archive"
	"dataprotection_exporter/collectors/system"
	fixtures "dataprotection_exporter/fixtures/csmars"
	"dataprotection_exporter/fixtures/sshserver"
	"dataprotection_exporter/remote"
	"dataprotection_exporter/remote/ssh"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func collectOnce(t *testing.T, ctx context.Context, c *collector, parts ...string) map[string]system.Question {
	t.Helper()
	r := system.NewReport(time.Now, parts...)
	c.Collect(ctx, r)
	qs := map[string]system.Question{}
	for _, q := range r.Questions() {
		qs[q.Part] = q
	}
	return qs
}

// value is one sample of a question; -1 when it is not there.
func value(t *testing.T, q system.Question, name string, labels ...string) float64 {
	t.Helper()
	for _, m := range q.Samples {
		if !strings.Contains(m.Desc().String(), `fqName: "`+name+`"`) {
			continue
		}
		var out dto.Metric
		if err := m.Write(&out); err != nil {
			t.Fatal(err)
		}
		all := true
		for _, want := range labels {
			found := false
			for _, l := range out.Label {
				found = found || l.GetValue() == want
			}
			all = all && found
		}
		if all {
			if out.Counter != nil {
				return out.Counter.GetValue()
			}
			return out.Gauge.GetValue()
		}
	}
	return -1
}

// mount is a made-up filesystem of one day that can hang and fail.
type mount struct {
	mu    sync.Mutex
	hang  chan struct{} // nil while it answers
	err   error
	files int
	calls atomic.Int32
	open  atomic.Int32 // calls that have not come back
	most  atomic.Int32
}

func (m *mount) enter() error {
	m.calls.Add(1)
	if n := m.open.Add(1); n > m.most.Load() {
		m.most.Store(n)
	}
	m.mu.Lock()
	hang := m.hang
	m.mu.Unlock()
	if hang != nil {
		<-hang
	}
	m.open.Add(-1)
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

func (m *mount) set(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

func (m *mount) ReadDir(dir string) ([]archive.Entry, error) {
	if err := m.enter(); err != nil {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: err}
	}
	old := time.Now().Add(-time.Hour)
	day := time.Now().UTC().Format(time.DateOnly)
	switch filepath.Base(dir) {
	case "archive":
		return []archive.Entry{{Name: day, Dir: true, ModTime: old}}, nil
	case day:
		return []archive.Entry{{Name: "ES", Dir: true, ModTime: old}}, nil
	default:
		var files []archive.Entry
		for i := range m.files {
			at := time.Now().UTC().Truncate(24 * time.Hour).Add(time.Duration(i) * time.Second)
			files = append(files, archive.Entry{Name: fixtures.FileName(fixtures.LongNames, "rm", at, at, ".gz"), Size: 100, ModTime: old})
		}
		return files, nil
	}
}

func (m *mount) Stat(string, []string) ([]archive.Entry, error) { return nil, m.enter() }

func (m *mount) Statfs(dir string) (archive.Space, error) {
	if err := m.enter(); err != nil {
		return archive.Space{}, &fs.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return archive.Space{Size: 100, Available: 50}, nil
}

func (m *mount) Open(path string) (io.ReadCloser, error) {
	if err := m.enter(); err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return nil, fs.ErrNotExist
}

// A mount that hangs shows as data that gets older. One call hangs, whatever
// the number of collections, and when the mount comes back everything goes on.
func TestHungMount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mount{files: 3}
		c := newTestCollector(t, system.Env{}, Options{ArchivePath: "/mnt/archive", Timezone: "UTC"}, m)
		deadline := func() context.Context {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			t.Cleanup(cancel)
			return ctx
		}
		qs := collectOnce(t, deadline(), c)
		begun := value(t, qs[partArchive], "csmars_archive_scan_timestamp_seconds")
		if qs[partArchive].Err != nil || qs[partFilesystem].Err != nil || value(t, qs[partArchive], "csmars_archive_files", archive.KindRaw) != 3 {
			t.Fatalf("%+v", qs)
		}
		hang := make(chan struct{})
		m.set(func() { m.hang = hang; m.files = 4 })
		for range 20 {
			time.Sleep(time.Minute)
			qs = collectOnce(t, deadline(), c)
			if qs[partArchive].Err != nil || value(t, qs[partArchive], "csmars_archive_scan_timestamp_seconds") != begun {
				t.Fatalf("the last good scan is not served: %v", qs[partArchive].Err)
			}
			if got := qs[partArchive].Collected.Unix(); got != int64(begun) {
				t.Errorf("collected at %v, scanned at %v", got, begun)
			}
			if remote.ReasonOf(qs[partFilesystem].Err) != remote.Timeout || remote.AdviceOf(qs[partFilesystem].Err) == "" {
				t.Fatalf("filesystem: %v", qs[partFilesystem].Err)
			}
		}
		if m.most.Load() != 1 {
			t.Errorf("%d calls hung at the same time", m.most.Load())
		}
		found := false
		for _, p := range qs[partArchive].Problems {
			found = found || strings.Contains(p.Summary, "has not answered since")
		}
		if !found {
			t.Errorf("nothing is said: %v", qs[partArchive].Problems)
		}
		m.set(func() { m.hang = nil })
		close(hang)
		time.Sleep(10 * time.Minute)
		qs = collectOnce(t, deadline(), c)
		if value(t, qs[partArchive], "csmars_archive_files", archive.KindRaw) != 4 || qs[partFilesystem].Err != nil {
			t.Errorf("the mount is back: %+v", qs)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

// The first scan may take longer than a scrape waits, and Close does not wait
// for a mount.
func TestFirstScan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		m := &mount{files: 1, hang: hang}
		c := newTestCollector(t, system.Env{}, Options{ArchivePath: "/mnt/archive", Timezone: "UTC", Verify: true}, m)
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			for part, q := range collectOnce(t, ctx, c) {
				if remote.ReasonOf(q.Err) != remote.Timeout {
					t.Errorf("%s: %v", part, q.Err)
				}
			}
			cancel()
		}
		if n := m.calls.Load(); n != 1 {
			t.Errorf("%d calls", n)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		m.set(func() { m.hang = nil })
		close(hang)
		synctest.Wait()
	})
}

// Unreadable is not empty, the last good numbers are not served as if nothing
// were wrong, and the other parts go on.
func TestUnreadableArchive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mount{files: 3}
		c := newTestCollector(t, system.Env{Runner: runner{remote.Answer{Stdout: fixtures.Pndbusage("form_a"), Time: time.Now()}}},
			Options{ArchivePath: "/mnt/archive", Timezone: "Europe/London", ScanInterval: time.Minute}, m)
		collectOnce(t, t.Context(), c)
		m.set(func() { m.err = fs.ErrPermission })
		time.Sleep(2 * time.Minute)
		qs := collectOnce(t, t.Context(), c)
		for part, want := range map[string]remote.Reason{partArchive: remote.Permission, partFilesystem: remote.Permission, partDatabase: remote.None} {
			if got := qs[part].Reason(); got != want {
				t.Errorf("%s: %s, want %s", part, got, want)
			}
		}
		if len(qs[partArchive].Samples) > 0 {
			t.Error("samples of an archive that cannot be read")
		}
		m.set(func() { m.err = nil })
		time.Sleep(2 * time.Minute)
		if q := collectOnce(t, t.Context(), c, partArchive)[partArchive]; q.Err != nil {
			t.Error(q.Err)
		}
		_ = c.Close()
	})
}

func TestPartsThatAreNotAsked(t *testing.T) {
	c := newTestCollector(t, system.Env{}, Options{ArchivePath: t.TempDir()}, nil)
	qs := collectOnce(t, t.Context(), c)
	if _, asked := qs[partDatabase]; asked || len(qs) != 2 {
		t.Errorf("without an address and without verify: %v", qs)
	}
	if qs := collectOnce(t, t.Context(), c, partFilesystem); len(qs) != 1 {
		t.Errorf("%v", qs)
	}
	unused := newTestCollector(t, system.Env{}, Options{ArchivePath: "/nowhere"}, nil)
	if err := unused.Close(); err != nil {
		t.Error(err)
	}
}

// store keeps JSON, as the exporter's does.
type store struct {
	mu     sync.Mutex
	values map[string][]byte
	saves  int
	fail   error
}

func (s *store) Load(name string, v any) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := s.values[name]
	if !ok {
		return false, nil
	}
	return true, json.Unmarshal(text, v)
}

func (s *store) Save(values map[string]any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.saves++
	for name, v := range values {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		s.values[name] = text
	}
	return nil
}

// watched counts the files that are opened.
type watched struct {
	archive.OS
	opened atomic.Int32
}

func (w *watched) Open(path string) (io.ReadCloser, error) {
	w.opened.Add(1)
	return w.OS.Open(path)
}

// Every file is read once, across restarts, and what was counted stays counted.
func TestVerifyOnce(t *testing.T) {
	first := time.Date(2006, 12, 1, 0, 0, 0, 0, time.UTC)
	dir := filepath.Join(t.TempDir(), "archive")
	planted, err := fixtures.Generate(fixtures.Options{
		Dir: dir, From: first, Days: 5, FilesPerDay: 6, RowsPerFile: 40, Seed: "once", Types: []string{"ES", "CF"},
		Damage: fixtures.Damage{Truncated: 1, Empty: 1, Garbage: 1, Compressed: 2, Plain: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	files := planted.Types["ES"].Files + planted.Types["CF"].Files
	kept := &store{values: map[string][]byte{}}
	patterns := map[string]string{}
	for _, p := range fixtures.Patterns() {
		patterns[p.Name] = p.Expr
	}
	start := func(fs archive.FS, o Options, s system.Store) *collector {
		o.ArchivePath, o.Timezone, o.Verify, o.ScanInterval = dir, "UTC", true, time.Hour
		return newTestCollector(t, system.Env{Now: func() time.Time { return first.AddDate(0, 0, 6) }, Store: s}, o, fs)
	}
	check := func(c *collector, opened int, w *watched, from string) {
		t.Helper()
		collectOnce(t, t.Context(), c)
		c.drain(t)
		q := collectOnce(t, t.Context(), c)[partVerify]
		if q.Err != nil {
			t.Fatal(q.Err)
		}
		if got := value(t, q, "csmars_archive_verified_files_total"); got != float64(files) {
			t.Errorf("%s: %v of %d files verified", from, got, files)
		}
		if got := value(t, q, "csmars_archive_corrupt_files"); got != 3 || len(q.Problems) != 3 {
			t.Errorf("%s: %v corrupt files, %d problems", from, got, len(q.Problems))
		}
		// What could be read of the truncated file counts too.
		if got := value(t, q, "csmars_archive_raw_messages_total"); got < float64(planted.Rows()) || got > float64(planted.Rows()+40) {
			t.Errorf("%s: %v messages of %d", from, got, planted.Rows())
		}
		for _, p := range fixtures.Patterns() {
			got, want := value(t, q, "csmars_archive_pattern_matches_total", p.Name), float64(planted.Matches(p.Name))
			if got < want || got > want+40 {
				t.Errorf("%s: %s matches %v times, planted %v", from, p.Name, got, want)
			}
		}
		if n := int(w.opened.Load()); n != opened {
			t.Errorf("%s: %d files were opened, want %d", from, n, opened)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	w := &watched{}
	check(start(w, Options{Patterns: patterns}, kept), files, w, "first run")
	w = &watched{}
	check(start(w, Options{Patterns: patterns}, kept), 0, w, "after a restart")

	// A file that is repaired is another one, and a purged day is forgotten.
	bad := planted.Damaged(fixtures.Garbage)[0]
	if err := os.WriteFile(filepath.Join(dir, bad), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, bad), filepath.Join(dir, strings.TrimSuffix(bad, ".gz"))); err != nil {
		t.Fatal(err)
	}
	old := first.AddDate(0, 0, 1)
	if err := os.Chtimes(filepath.Join(dir, strings.TrimSuffix(bad, ".gz")), old, old); err != nil {
		t.Fatal(err)
	}
	w = &watched{}
	c := start(w, Options{}, kept)
	corrupt := 0.0
	for range 2000 {
		corrupt = value(t, collectOnce(t, t.Context(), c)[partVerify], "csmars_archive_corrupt_files")
		if corrupt == 2 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if _ = c.Close(); corrupt != 2 || w.opened.Load() != 1 {
		t.Errorf("%v corrupt files, %d opened", corrupt, w.opened.Load())
	}

	// A store that fails, or none, costs memory across restarts and nothing else.
	for _, s := range []system.Store{nil, &store{values: map[string][]byte{}, fail: errors.New("no space left on device")}} {
		w = &watched{}
		c := start(w, Options{}, s)
		collectOnce(t, t.Context(), c)
		c.drain(t)
		if int(w.opened.Load()) != files {
			t.Errorf("%d opened", w.opened.Load())
		}
		_ = c.Close()
	}
}

// Reading goes no faster than it may, and new files come before old ones.
func TestVerifyRate(t *testing.T) {
	first := time.Date(2006, 12, 1, 0, 0, 0, 0, time.UTC)
	dir := filepath.Join(t.TempDir(), "archive")
	day := filepath.Join(dir, "2006-12-01", "ES")
	if err := os.MkdirAll(day, 0o755); err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("x", 1<<20)
	for i := range 4 {
		name := filepath.Join(day, fixtures.FileName(fixtures.LongNames, "rm", first.Add(time.Duration(i)*time.Hour), first.Add(time.Duration(i+1)*time.Hour), ""))
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, first, first); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		c := newTestCollector(t, system.Env{Now: func() time.Time { return first.AddDate(0, 0, 3) }}, Options{
			ArchivePath: dir, Timezone: "UTC", Verify: true, VerifyRate: "64KiB", ScanInterval: time.Hour,
		}, nil)
		collectOnce(t, t.Context(), c)
		time.Sleep(40 * time.Second)
		if q := collectOnce(t, t.Context(), c)[partVerify]; value(t, q, "csmars_archive_verified_files_total") != 3-1 {
			t.Errorf("after 40 s at 64 KiB/s: %v files of 1 MiB", value(t, q, "csmars_archive_verified_files_total"))
		}
		time.Sleep(40 * time.Second)
		if q := collectOnce(t, t.Context(), c)[partVerify]; value(t, q, "csmars_archive_verified_files_total") != 4 {
			t.Errorf("after 80 s: %v", value(t, q, "csmars_archive_verified_files_total"))
		}
		_ = c.Close()
	})
}

// appliance starts a fake and gives a way to it.
func appliance(t *testing.T, mode fixtures.ExecMode) (*fixtures.Appliance, remote.Runner) {
	t.Helper()
	a := fixtures.NewAppliance(fixtures.ApplianceOptions{Scenario: fixtures.Quiet(), Exec: mode, Seed: "test"})
	server, err := a.Serve(sshserver.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	client, err := ssh.New(ssh.Config{
		Target: "test", Addresses: []string{server.Address()}, Username: fixtures.User, Password: fixtures.Password,
		Fingerprints: []string{server.HostKeyFingerprint()},
	}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return a, client
}

// Nobody knows whether a real appliance runs a command without its menu; every
// way that is possible brings the answer.
func TestDatabaseOverSSH(t *testing.T) {
	for mode, name := range map[fixtures.ExecMode]string{fixtures.ExecAnswers: "runs commands", fixtures.ExecRefused: "refuses commands", fixtures.ExecMenu: "starts its menu"} {
		t.Run(name, func(t *testing.T) {
			a, client := appliance(t, mode)
			c := newTestCollector(t, system.Env{Runner: client}, Options{ArchivePath: t.TempDir(), Timezone: "UTC"}, nil)
			for range 2 {
				ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
				q := collectOnce(t, ctx, c, partDatabase)[partDatabase]
				cancel()
				if q.Err != nil || value(t, q, "csmars_database_partition_used_ratio") < 0 || q.Unrecognized != 0 {
					t.Fatalf("%v, unrecognized %q", q.Err, q.Examples)
				}
			}
			if v := a.Violations(); len(v) > 0 {
				t.Errorf("the appliance was asked %v", v)
			}
			if c.ways.menu != (mode != fixtures.ExecAnswers) {
				t.Error("the way that worked is not remembered")
			}
		})
	}
}

// The only command there is.
func TestNeverRun(t *testing.T) {
	if !fixtures.ReadOnly(usageCommand) || !fixtures.ReadOnly(command().Argv) {
		t.Errorf("%v is not read-only", usageCommand)
	}
	for _, never := range fixtures.NeverRun() {
		if strings.Join(never, " ") == strings.Join(usageCommand, " ") {
			t.Errorf("%v is never run", never)
		}
	}
}

func TestOptions(t *testing.T) {
	problems := func(o Options) map[string]string {
		got := map[string]string{}
		o.Check(func(path, problem string) { got[path] = problem })
		return got
	}
	good := *newOptions().(*Options)
	good.ArchivePath = "/archive/MARSBox"
	if p := problems(good); len(p) > 0 {
		t.Errorf("the defaults are refused: %v", p)
	}
	many := map[string]string{}
	for i := range maxPatterns + 1 {
		many["p"+strings.Repeat("x", i)] = "x"
	}
	for path, change := range map[string]func(*Options){
		"archive_path":       func(o *Options) { o.ArchivePath = "" },
		"retention_days":     func(o *Options) { o.RetentionDays = 0 },
		"timezone":           func(o *Options) { o.Timezone = "Mars/Olympus" },
		"scan_interval":      func(o *Options) { o.ScanInterval = time.Second },
		"verify_rate":        func(o *Options) { o.VerifyRate = "fast" },
		"patterns":           func(o *Options) { o.Verify, o.Patterns = true, many },
		"patterns.bad":       func(o *Options) { o.Verify, o.Patterns = true, map[string]string{"bad": "("} },
		"patterns.empty":     func(o *Options) { o.Verify, o.Patterns = true, map[string]string{"empty": ""} },
		"patterns.Not a one": func(o *Options) { o.Verify, o.Patterns = true, map[string]string{"Not a one": "x"} },
	} {
		o := good
		change(&o)
		if p := problems(o); len(p) != 1 || p[path] == "" {
			t.Errorf("%s: %v", path, p)
		}
	}
	for _, rate := range []string{"", "0", "-1MiB", "10B", "20 MiBs"} {
		o := good
		o.VerifyRate = rate
		if problems(o)["verify_rate"] == "" {
			t.Errorf("verify_rate %q is accepted", rate)
		}
	}
	if dirs := good.ExclusiveDirs(); len(dirs) != 1 || dirs[0].Path != good.ArchivePath || dirs[0].Key != "archive_path" {
		t.Errorf("%v", dirs)
	}
}
