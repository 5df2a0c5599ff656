package avamar

import (
	"regexp"
	"slices"
	"strings"

	"dataprotection_exporter/remote"
)

// Service is one line of `dpnctl status`.
type Service struct {
	// Name is the service in lower case, words joined by underscores.
	Name string
	// Word is the device's word for its state, Up what it means.
	Word string
	Up   bool
}

// The device's words. Another word is not guessed at.
var (
	wordsUp   = []string{"up", "ready", "enabled"}
	wordsDown = []string{"down", "degraded", "not running", "disabled", "suspended", "stopped"}
)

// maxServices bounds the services of one answer; a grid has about a dozen.
const maxServices = 64

var (
	reService   = regexp.MustCompile(`^(?:dpnctl:\s*INFO:\s*)?([A-Za-z][A-Za-z0-9 _-]*?) status:\s*(.+?)\.?$`)
	reNotWord   = regexp.MustCompile(`[^a-z0-9]+`)
	reDpnctlRun = regexp.MustCompile(`^dpnctl:\s*(?:INFO|DEBUG):`)
)

// ParseServices reads `dpnctl status`, which speaks on standard error. A state
// word that is not known leaves its service out. An answer that ends within a
// line was cut short and fails.
func ParseServices(out []byte) (services []Service, unrecognized []string, err error) {
	if len(out) > 0 && out[len(out)-1] != '\n' {
		return nil, nil, incomplete("the last line does not end")
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" {
			continue
		}
		m := reService.FindStringSubmatch(line)
		if m == nil {
			// Progress and identity lines come in any wording.
			if !reDpnctlRun.MatchString(line) {
				unrecognized = append(unrecognized, line)
			}
			continue
		}
		s := Service{Name: strings.Trim(reNotWord.ReplaceAllString(strings.ToLower(m[1]), "_"), "_"), Word: strings.ToLower(m[2])}
		up, down := slices.Contains(wordsUp, s.Word), slices.Contains(wordsDown, s.Word)
		if up == down || seen[s.Name] || len(services) == maxServices {
			unrecognized = append(unrecognized, line)
			continue
		}
		s.Up = up
		seen[s.Name] = true
		services = append(services, s)
	}
	if len(services) == 0 {
		return nil, nil, remote.Errorf(remote.Parse, "run `dpnctl status` by hand as admin on the utility node", "no line tells the status of a service")
	}
	return services, unrecognized, nil
}
