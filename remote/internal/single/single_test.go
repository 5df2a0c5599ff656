package single

import (
	"context"
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"dataprotection_exporter/remote"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOneHangingCallAtATime(t *testing.T) {
	flight := New()
	release, begun := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := Do(ctx, flight, "read x", func() (int, error) {
			close(begun)
			<-release
			return 1, nil
		})
		first <- err
	}()
	<-begun
	cancel()
	if err := <-first; remote.ReasonOf(err) != remote.Timeout || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "read x") {
		t.Fatal(err)
	}
	second, stop := context.WithTimeout(t.Context(), 1)
	defer stop()
	if _, err := Do(second, flight, "read y", func() (int, error) { t.Error("called"); return 0, nil }); remote.ReasonOf(err) != remote.Timeout {
		t.Fatal(err)
	}
	close(release)
	if n, err := Do(t.Context(), flight, "read z", func() (int, error) { return 3, nil }); n != 3 || err != nil {
		t.Fatal(n, err)
	}
}
