package ntfrs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"dataprotection_exporter/collectors/system"
	"dataprotection_exporter/remote"
)

// Options is the section `ntfrs` of a target.
type Options struct {
	// Members are the domain controllers to ask about.
	Members []string `yaml:"members"`
	// Events reads their File Replication Service log, Counters their
	// performance counters.
	Events   bool `yaml:"events"`
	Counters bool `yaml:"counters"`
	// DebugLogs are FRS debug logs as files of the host that is asked:
	// C:\Windows\debug\NtFrs_*.log, or /C:/Windows/debug/NtFrs_*.log. {member}
	// stands for each member in turn; dc1=C:\... are the logs of dc1, in place
	// of those that {member} would make. Empty leaves the part out.
	DebugLogs []string `yaml:"debug_logs"`
	// LabelsFile adds labels to the table that `ntfrsutl sets` is read by.
	LabelsFile string `yaml:"labels_file" path:"true"`
	// Timezone is where the members' clocks are; empty is the exporter's own.
	Timezone string `yaml:"timezone"`
	// CodePage is what the host prints in where it is not Unicode.
	CodePage string `yaml:"code_page"`
	// DFSR are backlogs of DFS Replication to ask for.
	DFSR []Backlog `yaml:"dfsr"`
}

// Backlog is one direction of one folder of DFS Replication.
type Backlog struct {
	Group  string `yaml:"group"`
	Folder string `yaml:"folder"`
	From   string `yaml:"from"`
	To     string `yaml:"to"`
}

func newOptions() system.Options {
	return &Options{Events: true, Counters: true, CodePage: defaultCodePage}
}

var (
	// reMember is what may become part of a command as a computer's name.
	reMember = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	// reGroup is a replication group or folder: names may hold blanks, and
	// groups of a namespace look like example.com\public\docs. Both end in a
	// character that no quote can be escaped by.
	reGroup = regexp.MustCompile(`^[A-Za-z0-9._-]+(?:[ \\][A-Za-z0-9._-]+)*$`)
)

// memberMark stands for each member in debug_logs.
const memberMark = "{member}"

// Check implements system.Options.
func (o *Options) Check(report func(path, problem string)) {
	if len(o.Members) == 0 && len(o.DFSR) == 0 {
		report("members", "name at least one member, or a backlog under dfsr")
	}
	seen := map[string]bool{}
	for i, m := range o.Members {
		path := fmt.Sprintf("members[%d]", i)
		switch {
		case !reMember.MatchString(m):
			report(path, fmt.Sprintf("%q is no computer name: letters, digits, dot, underscore and hyphen are allowed", m))
		case seen[strings.ToLower(m)]:
			report(path, fmt.Sprintf("member %s is named twice", m))
		}
		seen[strings.ToLower(m)] = true
	}
	o.checkLogs(report)
	o.checkDFSR(report)
	if _, err := time.LoadLocation(o.Timezone); err != nil {
		report("timezone", fmt.Sprintf("%q is no time zone: write a name such as Europe/London", o.Timezone))
	}
	if _, err := codePage(o.CodePage); err != nil {
		report("code_page", err.Error())
	}
	if _, err := loadLabels(o.LabelsFile); err != nil {
		report("labels_file", err.Error())
	}
}

func (o *Options) checkLogs(report func(path, problem string)) {
	for i, entry := range o.DebugLogs {
		path := fmt.Sprintf("debug_logs[%d]", i)
		member, p := logEntry(entry)
		if err := remote.CheckPattern(logPattern(p, "m")); err != nil {
			report(path, fmt.Sprintf(`%q names no files: %s; write C:\Windows\debug\NtFrs_*.log or /C:/Windows/debug/NtFrs_*.log`, p, err))
			continue
		}
		switch {
		case len(o.Members) == 0:
			report(path, "name the member that writes these logs under members")
		case member != "" && !slices.Contains(o.Members, member):
			report(path, fmt.Sprintf("%s is not among the members", member))
		case member == "" && len(o.Members) > 1 && !strings.Contains(p, memberMark):
			report(path, "with several members it must be said whose log it is, as in "+`C:\frslogs\{member}\NtFrs_*.log or dc1=C:\Windows\debug\NtFrs_*.log`)
		}
	}
}

// logEntry takes the member off an entry of debug_logs, where it names one.
func logEntry(entry string) (member, pattern string) {
	if before, after, ok := strings.Cut(entry, "="); ok && reMember.MatchString(before) {
		return before, after
	}
	return "", entry
}

// logsOf are the patterns of a member's logs, as SFTP writes them.
func (o *Options) logsOf(name string) []string {
	var own, all []string
	for _, entry := range o.DebugLogs {
		switch member, pattern := logEntry(entry); member {
		case name:
			own = append(own, logPattern(pattern, name))
		case "":
			all = append(all, logPattern(pattern, name))
		}
	}
	if len(own) > 0 {
		return own
	}
	return all
}

func (o *Options) checkDFSR(report func(path, problem string)) {
	units := map[string]bool{}
	for i, b := range o.DFSR {
		path := fmt.Sprintf("dfsr[%d]", i)
		for _, name := range []struct{ key, value string }{{"group", b.Group}, {"folder", b.Folder}} {
			if !reGroup.MatchString(name.value) {
				report(path+"."+name.key, fmt.Sprintf("%q is no usable name: letters, digits, dot, underscore, hyphen, and single blanks and backslashes between them are allowed", name.value))
			}
		}
		for _, name := range []struct{ key, value string }{{"from", b.From}, {"to", b.To}} {
			if !reMember.MatchString(name.value) {
				report(path+"."+name.key, fmt.Sprintf("%q is no computer name: letters, digits, dot, underscore and hyphen are allowed", name.value))
			}
		}
		if units[b.unit()] {
			report(path, "is listed twice")
		}
		units[b.unit()] = true
	}
}

// unit names a backlog among others, in characters that make a file name too.
func (b Backlog) unit() string {
	name := strings.Join([]string{b.Group, b.Folder, b.From, b.To}, "_")
	return strings.NewReplacer(" ", "_", `\`, "_").Replace(name)
}

// logPattern is a pattern of debug_logs for one member, as SFTP writes it.
func logPattern(pattern, member string) string {
	p := strings.ReplaceAll(pattern, memberMark, member)
	if len(p) > 2 && p[1] == ':' && (p[2] == '\\' || p[2] == '/') {
		p = "/" + p
	}
	return strings.ReplaceAll(p, `\`, "/")
}
