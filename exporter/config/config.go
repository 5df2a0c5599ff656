// Package config reads the configuration: YAML files in, one validated Config
// out, or every problem in them at once, each with its file and line.
//
// A Config is complete: defaults are filled in, references resolved, paths
// absolute, secrets read. Nothing that uses it has to look at a file again to
// find out whether it can work. It is shared between scrapes and never written
// to after Load.
package config

import (
	"time"

	"dataprotection_exporter/remote"
)

// The defaults of the keys of `global`.
const (
	DefaultTimeout        = 20 * time.Second
	DefaultMinInterval    = 15 * time.Second
	DefaultKnownHostsFile = "/etc/dataprotection_exporter/known_hosts"
)

// Bounds that only a slip of the pen crosses: a scraper gives up long before
// maxTimeout, and an answer older than maxInterval is no monitoring.
const (
	maxTimeout  = 5 * time.Minute
	maxInterval = time.Hour
)

// Config is everything the exporter was told.
type Config struct {
	Global      Global
	Credentials map[string]*Credential
	// Targets are in the order of the files.
	Targets []*Target
	// Warnings are what is allowed but should not stay as it is.
	Warnings Problems
}

// Target is the target of that name, nil when there is none.
func (c *Config) Target(name string) *Target {
	for _, t := range c.Targets {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// Global holds for every target that does not say otherwise.
type Global struct {
	Timeout        time.Duration `yaml:"timeout"`
	MinInterval    time.Duration `yaml:"min_interval"`
	KnownHostsFile string        `yaml:"known_hosts_file" path:"true"`
}

// Credential is a login. It has a password, a private key, or both.
type Credential struct {
	Name       string
	Username   string
	Password   remote.Secret
	PrivateKey remote.Secret
	Passphrase remote.Secret
}

// Check looks at a whole configuration, for what no target can know alone (two
// targets that must not share one directory, say). Target.Problem places what
// it finds.
type Check func(*Config) Problems
