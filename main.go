// Command dataprotection_exporter exports what storage and backup systems know
// about the protection of their data.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/client_golang/prometheus"
	promcollectors "github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/collectors/version"
	promversion "github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"dataprotection_exporter/collectors"
	"dataprotection_exporter/exporter"
	"dataprotection_exporter/exporter/config"
	"dataprotection_exporter/exporter/storage"
	"dataprotection_exporter/fixtures"
)

const (
	name = "dataprotection_exporter"
	// drain is how long running scrapes may go on after SIGTERM.
	drain = 20 * time.Second
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// options are the flags.
type options struct {
	configFiles   []string
	storagePath   string
	telemetryPath string
	logLevel      string
	logFormat     string
	demoSpeed     float64
	target        string
	format        string
	web           *web.FlagConfig
}

func run(args []string, stdout, stderr io.Writer) int {
	app := kingpin.New(name, "Prometheus exporter for the places where protection of enterprise data fails silently.")
	app.UsageWriter(stdout).ErrorWriter(stderr)
	app.Version(promversion.Print(name))
	app.HelpFlag.Short('h')
	var o options
	app.Flag("config.file", "Configuration file; repeat it to add credentials and targets from more files.").
		Default("dataprotection_exporter.yml").StringsVar(&o.configFiles)
	app.Flag("storage.path", "Folder for places in logs and archive indexes; empty keeps nothing across restarts.").
		Default("").StringVar(&o.storagePath)
	app.Flag("web.telemetry-path", "Path of the exporter's own metrics.").Default("/metrics").StringVar(&o.telemetryPath)
	app.Flag("log.level", "Least severity to log.").Default("info").EnumVar(&o.logLevel, "debug", "info", "warn", "error")
	app.Flag("log.format", "Form of log lines.").Default("logfmt").EnumVar(&o.logFormat, "logfmt", "json")
	o.web = kingpinflag.AddFlags(app, ":10048")
	serve := app.Command("serve", "Serve the metrics of the configured targets.").Default()
	check := app.Command("check", "Check the configuration, print every problem, touch no network.")
	diagnose := app.Command("diagnose", "Ask one target now and say what is wrong, why, and what to do next. Exit status 0: healthy, 1: problems, 2: it could not be asked.")
	diagnose.Arg("target", "Name of the target in the configuration.").Required().StringVar(&o.target)
	diagnose.Flag("format", "text or json.").Default("text").EnumVar(&o.format, "text", "json")
	demo := app.Command("demo", "Serve a fake fleet that passes through incidents. Needs no configuration.")
	demo.Flag("demo.speed", "How much faster than real the incidents run.").Default("1").Float64Var(&o.demoSpeed)

	archive := newArchiveCommand(app)

	command, err := app.Parse(args)
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "%s: %v; see --help\n", name, err)
		return 2
	}
	if status, mine := archive.run(command, stdout, stderr); mine {
		return status
	}
	switch command {
	case check.FullCommand():
		return checkConfig(o, stdout)
	case diagnose.FullCommand():
		return runDiagnose(o, stdout, stderr)
	case demo.FullCommand():
		err = runDemo(o, stdout, stderr, listenSet(args))
	case serve.FullCommand():
		err = runServe(o, stderr)
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return 1
	}
	return 0
}

// checkConfig prints every problem of the configuration.
func checkConfig(o options, stdout io.Writer) int {
	cfg, err := config.Load(o.configFiles, collectors.Systems)
	if err != nil {
		_, _ = fmt.Fprintln(stdout, err)
		return 1
	}
	if len(cfg.Warnings) > 0 {
		_, _ = fmt.Fprintln(stdout, cfg.Warnings)
		return 1
	}
	_, _ = fmt.Fprintf(stdout, "%d targets, no problem found\n", len(cfg.Targets))
	return 0
}

func runServe(o options, stderr io.Writer) error {
	logger, err := newLogger(stderr, o.logLevel, o.logFormat)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return serve(ctx, o, logger)
}

// runDemo serves the fake fleet, on loopback unless told otherwise.
func runDemo(o options, stdout, stderr io.Writer, listenSet bool) error {
	logger, err := newLogger(stderr, o.logLevel, o.logFormat)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fleet, err := fixtures.StartFleet(fixtures.FleetOptions{Speed: o.demoSpeed, Logger: logger})
	if err != nil {
		return fmt.Errorf("starting the fake fleet: %w", err)
	}
	defer fleet.Close()
	o.configFiles = []string{fleet.ConfigFile}
	if !listenSet {
		*o.web.WebListenAddresses = []string{"127.0.0.1:10048"}
	}
	base := "http://" + (*o.web.WebListenAddresses)[0]
	_, _ = fmt.Fprintf(stdout, "The fake fleet runs. Look at\n  %s/targets\n", base)
	for _, t := range fleet.Targets {
		_, _ = fmt.Fprintf(stdout, "  curl '%s/probe?target=%s'\n", base, t)
	}
	_, _ = fmt.Fprintln(stdout, "Ctrl-C ends it.")
	return serve(ctx, o, logger)
}

// serve runs until ctx ends.
func serve(ctx context.Context, o options, logger *slog.Logger) error {
	reg := prometheus.NewRegistry()
	reg.MustRegister(
		version.NewCollector(name),
		promcollectors.NewGoCollector(),
		promcollectors.NewProcessCollector(promcollectors.ProcessCollectorOpts{}),
	)
	logger.Info("starting", "version", promversion.Info(), "build", promversion.BuildContext())
	db, err := storage.Open(o.storagePath)
	if err != nil {
		return err
	}
	defer func() {
		if err := db.Close(); err != nil {
			logger.Warn("closing the storage", "err", err)
		}
	}()
	exp, err := exporter.New(exporter.Options{
		ConfigFiles: o.configFiles, Systems: collectors.Systems, Registry: reg, TelemetryPath: o.telemetryPath,
		Storage: db, Logger: logger,
	})
	if err != nil {
		return fmt.Errorf("the configuration cannot be used:\n%w", err)
	}
	defer exp.Close()
	handler, err := exp.Handler()
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	go reloadOnHangup(ctx, exp, logger)

	failed := make(chan error, 1)
	go func() { failed <- web.ListenAndServe(server, o.web, logger) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving HTTP: %w", err)
	case <-ctx.Done():
	}
	logger.Info("stopping: running scrapes end first")
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := server.Shutdown(wait); err != nil {
		logger.Warn("some scrapes were cut off", "err", err)
	}
	if err := <-failed; err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving HTTP: %w", err)
	}
	return nil
}

// reloadOnHangup reloads the configuration at every SIGHUP until ctx ends.
func reloadOnHangup(ctx context.Context, exp *exporter.Exporter, logger *slog.Logger) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			if err := exp.Reload(); err != nil {
				logger.Error("the new configuration is not used, the running one stays", "err", err)
			}
		}
	}
}
