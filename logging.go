package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	kitlog "github.com/go-kit/log"
	sloggokit "github.com/tjhop/slog-gokit"
)

// newLogger makes the one stream of log lines: code logs through slog, and
// go-kit/log writes.
func newLogger(w io.Writer, level, format string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log level: %w", err)
	}
	sink := kitlog.NewLogfmtLogger(kitlog.NewSyncWriter(w))
	if format == "json" {
		sink = kitlog.NewJSONLogger(kitlog.NewSyncWriter(w))
	}
	return slog.New(sloggokit.NewGoKitHandler(sink, l)), nil
}

// listenSet says whether the command line names an address to listen on.
func listenSet(args []string) bool {
	for _, a := range args {
		if strings.HasPrefix(a, "--web.listen-address") || strings.HasPrefix(a, "--web.systemd-socket") {
			return true
		}
	}
	return false
}
