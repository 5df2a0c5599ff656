package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"

	"dataprotection_exporter/collectors"
	"dataprotection_exporter/exporter"
	"dataprotection_exporter/exporter/status"
)

// Exit statuses of diagnose.
const (
	diagnoseHealthy  = 0
	diagnoseProblems = 1
	diagnoseUnasked  = 2
)

// runDiagnose asks one target and prints what it found.
func runDiagnose(o options, stdout, stderr io.Writer) int {
	fail := func(err error) int {
		_, _ = fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return diagnoseUnasked
	}
	logger, err := newLogger(stderr, "error", o.logFormat)
	if err != nil {
		return fail(err)
	}
	exp, err := exporter.New(exporter.Options{
		ConfigFiles: o.configFiles, Systems: collectors.Systems, Registry: prometheus.NewRegistry(), Logger: logger,
	})
	if err != nil {
		return fail(err)
	}
	defer exp.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	found, answered, err := exp.Diagnose(ctx, o.target)
	if err != nil {
		return fail(err)
	}
	if o.format == "json" {
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(found)
	} else {
		err = status.WriteText(stdout, found)
	}
	switch {
	case err != nil:
		return fail(err)
	case !answered:
		return diagnoseUnasked
	case found.Health == status.HealthOK || found.Health == status.HealthInfo:
		return diagnoseHealthy
	default:
		return diagnoseProblems
	}
}
