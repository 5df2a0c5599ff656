package remote

import (
	"context"
	"regexp"
)

// Shell is implemented by a Runner that can also type a command at a prompt,
// for devices that offer a menu on a terminal and nothing else.
type Shell interface {
	// Shell logs in to the device's own shell, waits for a line that is all
	// prompt, types the command, and brings back what was printed between it
	// and the next prompt: without greeting, echo and prompts, with plain line
	// ends. An answer is complete, or an error. There is no exit status.
	// Like Run, it honours ctx in every phase; errors are *Error.
	Shell(ctx context.Context, prompt *regexp.Regexp, cmd Command) (Answer, error)
}
