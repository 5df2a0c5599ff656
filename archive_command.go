package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"dataprotection_exporter/collectors/csmars/archive/cli"
)

// archiveCommand is `archive search` and `archive verify`.
type archiveCommand struct {
	search, verify *kingpin.CmdClause
	common         cli.Common
	find           cli.Search
	settle         time.Duration
}

func newArchiveCommand(app *kingpin.Application) *archiveCommand {
	a := &archiveCommand{}
	archive := app.Command("archive", "Read the archive of a CS-MARS appliance.")
	a.search = archive.Command("search", "Search the raw messages of an archive. Exit status 0: found, 1: not found, 2: trouble.")
	a.shared(a.search, "Look at files that cover this time or later: 2006-12-13, \"2006-12-13 01:30\".", "Look at files up to this time; a day or an hour counts as a whole.")
	a.search.Flag("pattern", "Regular expression (RE2) that a message must match.").Short('e').StringVar(&a.find.Pattern)
	a.search.Flag("fixed", "Text that a message must hold.").Short('F').StringVar(&a.find.Fixed)
	a.search.Flag("ignore-case", "Case does not count.").Short('i').BoolVar(&a.find.IgnoreCase)
	a.search.Flag("max-results", "End after so many messages.").Short('m').Int64Var(&a.find.Max)
	a.search.Flag("count", "Print the number of messages only.").Short('c').BoolVar(&a.find.Count)
	a.search.Flag("unordered", "Print messages as they are found, not in the order of the files.").BoolVar(&a.find.Unordered)
	a.search.Flag("with-filename", "Print the name of the file before each message.").Short('H').BoolVar(&a.find.WithFile)
	a.verify = archive.Command("verify", "Check every file of an archive. Exit status 0: all are whole, 1: some are damaged, 2: trouble.")
	a.shared(a.verify, "Check files that cover this time or later.", "Check files up to this time.")
	a.verify.Flag("settle", "Leave out files written to within this time.").Default("10m").DurationVar(&a.settle)
	return a
}

func (a *archiveCommand) shared(c *kingpin.CmdClause, from, to string) {
	c.Arg("dir", "The archive: the folder that holds the dated folders.").Required().StringVar(&a.common.Dir)
	c.Flag("from", from).StringVar(&a.common.From)
	c.Flag("to", to).StringVar(&a.common.To)
	c.Flag("timezone", "Time zone of the appliance's clock (default: this host's).").StringVar(&a.common.Zone)
	c.Flag("jobs", "Files to read at the same time (default: one per core).").Short('j').IntVar(&a.common.Jobs)
	c.Flag("json", "Print one JSON object per line.").BoolVar(&a.common.JSON)
}

// run runs a command if it is one of the two.
func (a *archiveCommand) run(command string, stdout, stderr io.Writer) (status int, mine bool) {
	if command != a.search.FullCommand() && command != a.verify.FullCommand() {
		return 0, false
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a.common.Stdout, a.common.Stderr = stdout, stderr
	if command == a.verify.FullCommand() {
		return (&cli.Verify{Common: a.common, Settle: a.settle}).Run(ctx), true
	}
	a.find.Common = a.common
	return a.find.Run(ctx), true
}
