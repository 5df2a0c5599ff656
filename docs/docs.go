// Package docs carries the documentation that the exporter serves itself.
package docs

import "embed"

// Runbooks holds runbooks/<Alert>.md, one for each alert.
//
//go:embed runbooks/*.md
var Runbooks embed.FS
