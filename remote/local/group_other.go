//go:build !unix

package local

import "os/exec"

// Without process groups only the command itself is ended; WaitDelay bounds how
// long what it started can hold the answer up.
func ownGroup(*exec.Cmd) {}

func killGroup(*exec.Cmd) {}
