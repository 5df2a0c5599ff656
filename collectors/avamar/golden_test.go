package avamar

import (
	"context"
	"strings"
	"testing"
	"time"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/collectors/system/systemtest"
	fixtures "dataprotection_exporter/fixtures/avamar"
	"dataprotection_exporter/remote"
)

func newTestCollector(t *testing.T, env system.Env, opts Options) *collector {
	t.Helper()
	c, err := newCollector(env, &opts)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*collector)
}

// prepared is the answer in a fixture, on the stream the device uses.
func prepared(folder, name string) remote.Answer {
	for file, entry := range fixtures.Provenance() {
		if strings.TrimSuffix(strings.TrimSuffix(file, ".txt"), ".srl") != folder+"/"+name {
			continue
		}
		text, err := fixtures.FS.ReadFile(file)
		if err != nil {
			panic(err)
		}
		if entry.Stderr {
			return remote.Answer{Stderr: text, ExitStatus: entry.Exit}
		}
		return remote.Answer{Stdout: text, ExitStatus: entry.Exit}
	}
	panic("no fixture " + folder + "/" + name)
}

// TestGoldenAnswers turns every answer to a command into an exposition.
func TestGoldenAnswers(t *testing.T) {
	for folder, ask := range map[string]struct {
		part    string
		command []string
	}{
		"keytable": {partGSANSerial, keytableCommand}, "sessionticket": {partMCSSerial, ticketFileCommand},
		"dpnctl": {partServices, servicesCommand}, "status_dpn": {partStatus, statusCommand},
	} {
		for _, name := range fixtures.Names(folder) {
			t.Run(folder+"/"+name, func(t *testing.T) {
				runner := systemtest.Answers{strings.Join(ask.command, " "): prepared(folder, name)}
				c := newTestCollector(t, systemtest.Env(runner), Options{Services: true, Status: true})
				systemtest.Golden(t, folder+"/"+name+".prom", systemtest.Exposition(t, c, metrics, ask.part))
			})
		}
	}
}

// logFiles is a Runner whose files a test writes.
type logFiles struct {
	systemtest.Answers
	files map[string]string
	now   time.Time
}

func (l *logFiles) List(_ context.Context, patterns []string) ([]remote.FileInfo, error) {
	var infos []remote.FileInfo
	for _, p := range patterns {
		for name, text := range l.files {
			if strings.HasPrefix(name, strings.TrimSuffix(p, "*")) {
				infos = append(infos, remote.FileInfo{Path: name, Size: int64(len(text)), ModTime: l.now})
			}
		}
	}
	return infos, nil
}

func (l *logFiles) ReadAt(_ context.Context, path string, offset, limit int64) ([]byte, error) {
	text := l.files[path]
	if offset >= int64(len(text)) {
		return nil, nil
	}
	return []byte(text[offset:min(int64(len(text)), offset+limit)]), nil
}

// TestGoldenLogs appends every log fixture to a log that was there before.
func TestGoldenLogs(t *testing.T) {
	const before = "2010/01/01-00:00:00.00000 {0.0} <0001> before anybody watched\n"
	for folder, log := range map[string]struct {
		part, file string
		opts       Options
	}{
		"gsan_log":   {partGSANLog, "/data01/cur/gsan.log", Options{GSANLogs: []string{"/data01/cur/gsan.log*"}}},
		"err_log":    {partGSANLog, "/data01/cur/err.log", Options{GSANLogs: []string{"/data01/cur/err.log*"}}},
		"client_log": {partClientLog, "/clientlogs/job.log", Options{ClientLogs: []string{"/clientlogs/*"}}},
	} {
		for _, name := range fixtures.Names(folder) {
			t.Run(folder+"/"+name, func(t *testing.T) {
				runner := &logFiles{files: map[string]string{log.file: before}, now: time.Unix(1, 0)}
				c := newTestCollector(t, systemtest.Env(runner), log.opts)
				c.Collect(t.Context(), system.NewReport(time.Now, log.part))
				text, err := fixtures.FS.ReadFile(folder + "/" + name + ".txt")
				if err != nil {
					t.Fatal(err)
				}
				runner.files[log.file] += string(text)
				runner.now = runner.now.Add(time.Minute)
				systemtest.Golden(t, folder+"/"+name+".prom", systemtest.Exposition(t, c, metrics, log.part))
			})
		}
	}
}
