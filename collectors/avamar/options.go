package avamar

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"dataprotection_exporter/collectors/system"
)

// Options is the section `avamar` of a target.
type Options struct {
	// GSANLogs are GSAN's logs: absolute paths whose last element may hold
	// wildcards. They stand on the data nodes; on the utility node of a
	// multi-node grid there are none. Empty leaves the part out.
	GSANLogs []string `yaml:"gsan_logs"`
	// ClientLogs are the logs of backup jobs that run on the utility node.
	ClientLogs []string `yaml:"client_logs"`
	// Services asks `dpnctl status`, Status `status.dpn`.
	Services bool `yaml:"services"`
	Status   bool `yaml:"status"`
}

func newOptions() system.Options {
	return &Options{
		GSANLogs:   []string{"/data01/cur/gsan.log*", "/data01/cur/err.log*"},
		ClientLogs: []string{"/usr/local/avamar/var/clientlogs/*.log"},
		Services:   true, Status: true,
	}
}

var rePattern = regexp.MustCompile(`^/[A-Za-z0-9._/@%+=:,*?\[\]-]+$`)

// Check implements system.Options.
func (o *Options) Check(report func(path, problem string)) {
	for key, patterns := range map[string][]string{"gsan_logs": o.GSANLogs, "client_logs": o.ClientLogs} {
		for i, p := range patterns {
			if problem := badPattern(p); problem != "" {
				report(fmt.Sprintf("%s[%d]", key, i), problem)
			}
		}
	}
}

func badPattern(p string) string {
	dir := path.Dir(p)
	switch _, err := path.Match(p, "x"); {
	case !rePattern.MatchString(p):
		return fmt.Sprintf("%q is no absolute path of letters, digits and . _ - @ %% + = : ,", p)
	case strings.Contains(p, "/../") || strings.HasSuffix(p, "/..") || strings.HasSuffix(p, "/"):
		return fmt.Sprintf("%q does not name files: write a path without .. that ends in a file name", p)
	case strings.ContainsAny(dir, `*?[]`):
		return fmt.Sprintf("%q has wildcards in its folder: only the file name may have them", p)
	case err != nil:
		return fmt.Sprintf("%q is no pattern: check its brackets", p)
	}
	return ""
}
