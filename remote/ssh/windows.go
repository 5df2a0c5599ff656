package ssh

import (
	"regexp"
	"strings"

	"dataprotection_exporter/remote"
)

// The OpenSSH server of Windows hands a command to the default shell of the
// host, cmd.exe or PowerShell, which is set in its registry and not known here.
// Both must read the same words. What they have in common:
//
//   - A word in double quotes is one argument. Inside, cmd.exe expands only
//     %name% (and !name! where delayed expansion is on), PowerShell only $ and
//     the backtick. None of these characters is let through, so nothing is
//     expanded, and everything else, < and | included, stands for itself.
//   - A backslash before the closing quote would escape it for the program that
//     is started. No word ends in one.
//   - PowerShell takes a line that begins with a quote for an expression, and
//     cmd.exe may strip a quote at the beginning. The program is always a bare
//     name, found by the PATH of the account.
//   - Bare words are made of characters that neither reads as anything else.
//     PowerShell splits -a.b and lists at commas: such words are quoted.
//
// The first releases of that server lost the quotes on the way to PowerShell.
// Nothing that could then write a file, start a second command or end the first
// one is let through either: no > & ; and no line end. The command fails there
// with a message, no more.
var (
	windowsProgram = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*(\.exe)?$`)
	windowsBare    = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9_.-]*|/[A-Za-z][A-Za-z0-9_:-]*|-[A-Za-z]+)$`)
	windowsQuoted  = regexp.MustCompile(`^[A-Za-z0-9_@+=:,./\\*?()<|'\[\] -]+$`)
)

// windowsLineMax is what cmd.exe takes at most, with room for its own path.
const windowsLineMax = 8000

// windowsCommand is what is sent to run a command under cmd.exe or PowerShell.
func windowsCommand(argv []string) (string, error) {
	words := make([]string, len(argv))
	for i, word := range argv {
		switch {
		case i == 0 && windowsProgram.MatchString(word), i > 0 && windowsBare.MatchString(word):
			words[i] = word
		case i > 0 && windowsQuoted.MatchString(word) && !strings.HasSuffix(word, `\`):
			words[i] = `"` + word + `"`
		default:
			return "", remote.Errorf(remote.Other, "cmd.exe or PowerShell could read this word as something else, so the command was not sent",
				"run %s: the word %q is refused", argv[0], word)
		}
	}
	line := strings.Join(words, " ")
	if len(line) > windowsLineMax {
		return "", remote.Errorf(remote.Other, "", "run %s: the command is too long for cmd.exe", argv[0])
	}
	return line, nil
}
