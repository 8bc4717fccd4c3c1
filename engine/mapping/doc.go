// Package mapping compiles flows and decides the changes for one record.
//
// Compile checks every expression, field and code of a project against the
// catalogue and turns each flow into a tree of closures. Decide walks that
// tree: it has no clock, no network and no goroutines, and never ranges over a
// map, so the same Input gives the same Decision, to the byte. What it needs to
// know of other systems and of the store it asks for (Ask); whoever calls it
// finds the answers and asks again.
//
// Expressions are written in the language of expr, whose parser reads them.
// Checking and running are done here, because the language of specs differs in
// what matters most for records: an absent value never crashes and never
// equals another absent value, numbers keep every digit, and a loop can be
// stopped. The seam between the two halves is the type code.
//
// Compile also proves what the files of kind Sharing ask for: that every write
// stands below its gates, and that only listed fields are written and taken
// along (sharing.go, crossing.go; gate.go for the proof). Finished documents are
// looked at once more (permit.go).
//
// The package reads no files and talks to nothing. Nobody else imports expr or
// gjson.
package mapping
