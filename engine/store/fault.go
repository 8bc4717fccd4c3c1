package store

import (
	"context"
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/casebridge/casebridge/engine"
)

// broken turns an error of the database into a Fault with the next step. Nil stays nil,
// a Fault stays what it is. SQLite's messages name tables and columns, never values.
func broken(op, ref string, err error) error {
	var f *engine.Fault
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &engine.Fault{Kind: engine.Cancelled, Op: op, Ref: ref, Err: err}
	}
	kind, next := engine.Environment, "Look at the store file and its directory."
	var e *sqlite.Error
	if errors.As(err, &e) {
		kind, next = meaning(e.Code())
	}
	return &engine.Fault{Kind: kind, Op: op, Ref: ref, Err: err, Next: next}
}

// meaning says what a result code of SQLite asks of a person. The low byte is the primary code.
func meaning(code int) (engine.FaultKind, string) {
	switch code & 0xff {
	case sqlite3.SQLITE_INTERRUPT:
		return engine.Cancelled, ""
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return engine.Environment, "Another program holds the store; end it or wait, then try again."
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return engine.Environment, "The store is damaged or is no store: restore it from a backup, or without one move it away. " +
			"Either way record what was sent (state adopt) before anything is sent again."
	case sqlite3.SQLITE_FULL:
		return engine.Environment, "Free some disk space, then try again."
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		return engine.Environment, "Let this user write the store file and its directory, or name another store."
	case sqlite3.SQLITE_IOERR:
		return engine.Environment, "The disk failed: look at the system's log before anything else."
	}
	return engine.Environment, "This is a defect of casebridge; nothing was changed."
}
