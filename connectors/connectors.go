// Package connectors lists the kinds of systems that casebridge can talk to. Adding
// one is one folder beside this file and one line in All; nothing registers itself.
package connectors

import (
	"github.com/casebridge/casebridge/connectors/file"
	"github.com/casebridge/casebridge/connectors/oscar"
	"github.com/casebridge/casebridge/connectors/primero"
	"github.com/casebridge/casebridge/engine"
)

// All returns every driver.
func All() []engine.Driver {
	return []engine.Driver{
		file.Driver{},
		oscar.Driver{},
		primero.Driver{},
	}
}
