//go:build unix

package logtail_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"dataprotection_exporter/remote/local"
	"dataprotection_exporter/remote/logtail"
)

// A log of 2 GiB to which 40 lines are appended between two collections.
func BenchmarkFollow2GB(b *testing.B) {
	name := filepath.Join(b.TempDir(), "gsan.log")
	file, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	// Sparse, but for the reader it is 2 GiB.
	const size = 2 << 30
	if _, err := file.WriteAt([]byte("the last line of before\n"), size-24); err != nil {
		b.Fatal(err)
	}
	if _, err := file.Seek(0, 2); err != nil {
		b.Fatal(err)
	}
	runner := local.New()
	defer runner.Close()
	var f logtail.Follower
	lines := 0
	poll := func() logtail.Progress {
		p, err := f.Poll(b.Context(), runner, []string{filepath.Join(filepath.Dir(name), "gsan.log*")}, func(string, []byte) { lines++ })
		if err != nil || len(p.Errors) > 0 {
			b.Fatal(err, p.Errors)
		}
		return p
	}
	first := poll()
	bytes := first.Bytes
	b.ReportAllocs()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n := 0
	for b.Loop() {
		b.StopTimer()
		for i := range 40 {
			if _, err := fmt.Fprintf(file, "2019/12/31-12:35:%02d.%05d {0.0} [srvm-525136#srv:775]  WARN: <1426> sessionkeytable::comparesignature incorrect signature\n", i, n); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		bytes += poll().Bytes
		n++
	}
	runtime.ReadMemStats(&after)
	if lines != 40*n {
		b.Fatalf("%d lines of %d", lines, 40*n)
	}
	b.ReportMetric(float64(bytes)/float64(n), "read-B/op")
	b.ReportMetric(float64(after.Sys)/(1<<20), "sys-MiB")
}
