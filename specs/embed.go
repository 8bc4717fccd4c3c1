// Package specs carries the Cambodia project inside the binary, so that one
// file is enough to run it. It holds YAML only and decides nothing.
package specs

import "embed"

// FS is the project as it stood when the binary was built; project.yaml is at its root.
//
//go:embed project.yaml catalogues flows mappings maps rules sharing steps tables tests
var FS embed.FS
