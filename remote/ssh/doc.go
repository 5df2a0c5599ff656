// Package ssh carries fixed commands to a device over one lasting SSH
// connection.
//
// What it promises, because exporters are commonly trusted with a login to
// machines that protect data:
//
//   - The host key is verified before anything is sent to log in, against a
//     known_hosts file or pinned fingerprints. A key is never accepted because
//     it is the first one seen.
//   - A password is offered at most once per login, and a login that keeps being
//     refused is left alone for a growing pause, so that no account is locked.
//   - A deadline covers every phase: name lookup, dial, handshake, login, session
//     and the whole answer. When it ends, so does the command on the device.
//   - One connection per device, used again by every later command, with a
//     bounded number of commands at a time.
//   - Answers are bounded in memory, whatever the device prints.
//   - Every failure says what was attempted, why it failed and what to do next.
package ssh
