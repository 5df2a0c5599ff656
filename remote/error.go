package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Reason is why a question to a device has no answer. The list is closed: it is
// the value of the label `reason` and alerts are written against it.
type Reason string

// The reasons, in the order a connection meets them.
const (
	None           Reason = "none"
	DNS            Reason = "dns"              // the name does not resolve
	Connect        Reason = "connect"          // nothing answers at the address
	HostKeyUnknown Reason = "host_key_unknown" // no trusted key is on file for this host
	HostKeyChanged Reason = "host_key_changed" // the host shows another key than the trusted one
	TLS            Reason = "tls"              // the certificate is not trusted
	Auth           Reason = "auth"             // the device refused the login
	AuthBackoff    Reason = "auth_backoff"     // not tried: too many refused logins, waiting
	Timeout        Reason = "timeout"          // no complete answer within the deadline
	Disconnected   Reason = "disconnected"     // the connection broke before the answer was complete
	ExitStatus     Reason = "exit_status"      // the command ran and said that it failed
	Permission     Reason = "permission"       // logged in, but not allowed to ask this
	NotSupported   Reason = "not_supported"    // this device or release does not offer this
	TooLarge       Reason = "too_large"        // the answer exceeds the cap
	Parse          Reason = "parse"            // the answer is cut short or not what was asked for
	Other          Reason = "other"
)

// Reasons is every Reason, for documentation and for tests that walk the list.
var Reasons = []Reason{
	None, DNS, Connect, HostKeyUnknown, HostKeyChanged, TLS, Auth, AuthBackoff, Timeout, Disconnected,
	ExitStatus, Permission, NotSupported, TooLarge, Parse, Other,
}

// Error is a failed question: what was attempted, why it failed, and what the
// operator can do about it.
type Error struct {
	Reason Reason
	// Op is what was being done, with the address: "dial 10.0.0.5:22".
	Op string
	// Advice is one sentence on what to do next.
	Advice string
	Err    error
}

// Error reads as one line: operation, cause, advice.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	if e.Advice != "" {
		b.WriteString(" (")
		b.WriteString(e.Advice)
		b.WriteString(")")
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error without an underlying one.
func Errorf(reason Reason, advice, format string, args ...any) *Error {
	return &Error{Reason: reason, Op: fmt.Sprintf(format, args...), Advice: advice}
}

// ReasonOf names the reason of any error; nil is None.
func ReasonOf(err error) Reason {
	var e *Error
	switch {
	case err == nil:
		return None
	case errors.As(err, &e):
		return e.Reason
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return Timeout
	default:
		return Other
	}
}

// AdviceOf is the advice an error carries, or "".
func AdviceOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Advice
	}
	return ""
}
