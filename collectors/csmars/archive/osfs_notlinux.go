//go:build !linux

package archive

import (
	"errors"
	"os"
)

// Statfs implements FS.
func (OS) Statfs(string) (Space, error) {
	return Space{}, errors.ErrUnsupported
}

func readAhead(*os.File) {}
