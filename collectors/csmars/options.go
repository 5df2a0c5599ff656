package csmars

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/alecthomas/units"

	"dataprotection_exporter/collectors/csmars/archive"
	"dataprotection_exporter/collectors/system"
)

// Options is the section `csmars` of a target.
type Options struct {
	// ArchivePath is the folder that holds the dated folders.
	ArchivePath string `yaml:"archive_path" path:"true"`
	// RetentionDays is the appliance's "remote storage capacity in days".
	RetentionDays int `yaml:"retention_days"`
	// Timezone is where the appliance's clock hangs; empty is the exporter's
	// own.
	Timezone string `yaml:"timezone"`
	// ScanInterval is how often the archive is looked at.
	ScanInterval time.Duration `yaml:"scan_interval"`
	// Verify reads every file of the archive once.
	Verify bool `yaml:"verify"`
	// VerifyRate is how much is read a second for that: "20MiB".
	VerifyRate string `yaml:"verify_rate"`
	// Patterns are counted in the raw messages that verify reads, by name. They
	// may stand there while verify is off.
	Patterns map[string]string `yaml:"patterns"`
}

const (
	defaultRetentionDays = 365
	defaultScanInterval  = 5 * time.Minute
	defaultVerifyRate    = "20MiB"

	// Each pattern takes time with every message and is a series.
	maxPatterns      = 32
	maxRetentionDays = 36500
	minScanInterval  = 10 * time.Second
	maxScanInterval  = 24 * time.Hour
	minVerifyRate    = 64 << 10
)

func newOptions() system.Options {
	return &Options{RetentionDays: defaultRetentionDays, ScanInterval: defaultScanInterval, VerifyRate: defaultVerifyRate}
}

var rePatternName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// Check implements system.Options. It touches no directory: mounts come and go.
func (o *Options) Check(report func(path, problem string)) {
	if o.ArchivePath == "" {
		report("archive_path", "is missing: name the folder that holds the dated folders")
	} else if !filepath.IsAbs(o.ArchivePath) {
		report("archive_path", "must be an absolute path")
	}
	if o.RetentionDays < 1 || o.RetentionDays > maxRetentionDays {
		report("retention_days", "must be the number of days that the appliance is told to keep, 365 say")
	}
	if _, err := o.location(); err != nil {
		report("timezone", fmt.Sprintf("%q is no time zone: write a name as in Europe/London, or UTC", o.Timezone))
	}
	if o.ScanInterval < minScanInterval || o.ScanInterval > maxScanInterval {
		report("scan_interval", "must be between 10s and 1d")
	}
	if _, err := o.rate(); err != nil {
		report("verify_rate", err.Error())
	}
	o.checkPatterns(report)
}

func (o *Options) checkPatterns(report func(path, problem string)) {
	if len(o.Patterns) > maxPatterns {
		report("patterns", fmt.Sprintf("are %d, at most %d are allowed: each is matched against every message", len(o.Patterns), maxPatterns))
	}
	for _, name := range slices.Sorted(maps.Keys(o.Patterns)) {
		switch expr := o.Patterns[name]; {
		case !rePatternName.MatchString(name):
			report("patterns."+name, "the name becomes the label `pattern`: use at most 64 small letters, digits and underscores, a letter first")
		case expr == "":
			report("patterns."+name, "is empty: write a regular expression (RE2)")
		default:
			if _, err := archive.Compile(expr, false); err != nil {
				report("patterns."+name, "is no regular expression (RE2): "+err.Error())
			}
		}
	}
}

// ExclusiveDirs implements system.Exclusive: two appliances that write into one
// directory corrupt the archives of both.
func (o *Options) ExclusiveDirs() []system.ExclusiveDir {
	return []system.ExclusiveDir{{Key: "archive_path", Path: o.ArchivePath}}
}

// location is the time zone of the appliance's clock.
func (o *Options) location() (*time.Location, error) {
	if o.Timezone == "" {
		return time.Local, nil
	}
	return time.LoadLocation(o.Timezone)
}

// rate is VerifyRate in bytes.
func (o *Options) rate() (int64, error) {
	if o.VerifyRate == "" {
		return 0, errors.New("is empty: write how much may be read a second, 20MiB say")
	}
	n, err := units.ParseStrictBytes(o.VerifyRate)
	if err != nil {
		return 0, fmt.Errorf("%q is no amount of data: write how much may be read a second, 20MiB say", o.VerifyRate)
	}
	if n < minVerifyRate {
		return 0, errors.New("must be at least 64KiB a second")
	}
	return n, nil
}
