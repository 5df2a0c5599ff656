package ssh

import (
	"regexp"
	"strings"

	"dataprotection_exporter/remote"
)

// guard is the small shell program under which a command runs on a device with
// a POSIX shell.
//
// sshd leaves a command without a terminal running when its session goes away,
// so a command that hangs would pile up with every collection. What does reach
// the device, always, is the end of standard input: when the session is closed,
// when the connection is, and when this host dies. The guard waits for it beside
// the command and then ends the command: TERM, and KILL two seconds later.
//
// Line by line: keep standard input as descriptor 3 away from the command; put
// the command into a process group of its own, by the shell (bash, ksh) or by
// setsid (dash), so that what it started ends with it; watch descriptor 3 in a
// subshell that holds no output open, or the session would not end; give way to
// the exit status of the command. It contains no single quote, and nothing newer
// than the shells of twenty years ago.
const guard = `exec 3<&0; set -m 2>/dev/null; ` +
	`case $- in *m*) g=;; *) g=$(command -v setsid);; esac; ` +
	`$g "$@" </dev/null 3<&- & c=$!; ` +
	`(while read -r x <&3; do :; done; trap "" TERM; ` +
	`kill -TERM -$c || kill -TERM $c; ` +
	`for i in 1 2; do sleep 1; kill -0 -$c || kill -0 $c || exit 0; done; ` +
	`kill -KILL -$c || kill -KILL $c) </dev/null >/dev/null 2>&1 & w=$!; ` +
	`exec 3<&- >/dev/null 2>&1; wait $c; s=$?; kill $w; exit $s`

// GuardMarker stands between the guard and the words of the command. What
// follows it is the plain command, for a forced command on the device or a fake
// one in a test to match.
const GuardMarker = " dataprotection_exporter "

const guardStart = "sh -c '"

// Plain is the command inside what is sent to the device: the same words
// whether they run under the guard or not.
func Plain(execString string) string {
	if !strings.HasPrefix(execString, guardStart) {
		return execString
	}
	if _, command, ok := strings.Cut(execString, "'"+GuardMarker); ok {
		return command
	}
	return execString
}

var (
	// A word that no POSIX shell reads as anything but itself.
	posixWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)
	// A word for a device whose shell is something else. Its collector knows
	// what that shell makes of the wider set.
	otherWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./^$*?\[\]\\-]+$`)
)

// execString is what is sent to the device to run a command.
func execString(cmd remote.Command) (string, error) {
	pattern := otherWord
	if cmd.PosixShell {
		pattern = posixWord
	}
	if len(cmd.Argv) == 0 {
		return "", remote.Errorf(remote.Other, "", "run: there is no command")
	}
	if cmd.WindowsShell {
		if cmd.PosixShell {
			return "", remote.Errorf(remote.Other, "", "run %s: a shell is one or the other", cmd.Argv[0])
		}
		return windowsCommand(cmd.Argv)
	}
	for _, word := range cmd.Argv {
		if !pattern.MatchString(word) {
			return "", remote.Errorf(remote.Other, "a shell could read this word as something else, so the command was not sent",
				"run %s: the word %q is refused", cmd.Argv[0], word)
		}
	}
	command := strings.Join(cmd.Argv, " ")
	if !cmd.PosixShell {
		return command, nil
	}
	return guardStart + guard + "'" + GuardMarker + command, nil
}
