package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
)

// Finding is the result of one check of a store.
type Finding struct {
	Check string // what was looked at, in a word or two
	Wrong string // what is wrong; "" when nothing is
	Next  string // what to do about it
	Note  string // what is worth knowing though nothing is wrong
}

// OK says that nothing is wrong.
func (f Finding) OK() bool { return f.Wrong == "" }

// Check looks whether a store is sound: the file, the schema, whose it is, the rules
// of doc.go, and whether the key opens what is sealed. It changes nothing, works while
// a run goes on, and never fails: what keeps it from looking is itself a finding.
func Check(ctx context.Context, o Options) []Finding {
	file, db := lookAt(ctx, o.Path)
	if db == nil {
		return []Finding{file}
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(ctx, nil) // one moment of the store, though others write
	if err != nil {
		return []Finding{unable("file", err)}
	}
	defer func() { _ = tx.Rollback() }()
	c := &checkup{Tx: tx, o: o}
	findings := []Finding{file, c.look(ctx, "pages", pagesWrong)}
	if !findings[1].OK() {
		return findings // what the tables of a damaged file say proves nothing
	}
	for _, ch := range checks() {
		findings = append(findings, c.look(ctx, ch.name, ch.wrong))
	}
	return findings
}

// checkup is one look at a store.
type checkup struct {
	*sql.Tx
	o Options
}

// wrongs looks for one kind of fault.
type wrongs func(ctx context.Context, c *checkup) (Finding, error)

// checkOf is one of the checks.
type checkOf struct {
	name  string
	wrong wrongs
}

const keyCheck = "key"

// checks are all but the first two, in their order.
func checks() []checkOf {
	return []checkOf{
		{"references", referencesWrong},
		{"schema", schemaWrong},
		{"owner", ownerWrong},
		{"sends", sendsWrong},
		{"known pairs", knownWrong},
		{"intents", intentsWrong},
		{"quarantine", quarantineWrong},
		{"audit trail", auditWrong},
		{"recall", recallWrong},
		{keyCheck, keyWrong},
	}
}

func (c *checkup) look(ctx context.Context, name string, wrong wrongs) Finding {
	f, err := wrong(ctx, c)
	if err != nil {
		f = unable(name, err)
	}
	f.Check = name
	return f
}

// unable is the finding of a check that could not look.
func unable(name string, err error) Finding {
	f := Finding{Check: name, Wrong: err.Error()}
	var fault *engine.Fault
	if errors.As(broken("check store", "", err), &fault) {
		f.Next = fault.Next
	}
	return f
}

// restore is what to do about a store that is not as its own rules want it.
const restore = "Restore a backup and run `casebridge state adopt`, or ask those who look after casebridge; run nothing before."

// lookAt opens a store for reading; without one, the finding says why.
func lookAt(ctx context.Context, path string) (Finding, *sql.DB) {
	f := Finding{Check: "file", Note: path}
	switch st, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return Finding{Check: "file", Wrong: "there is no store at " + path, Next: "The first `casebridge run` makes it; or name the right one with --store."}, nil
	case err != nil:
		return unable("file", err), nil
	case st.IsDir():
		return Finding{Check: "file", Wrong: path + " is a directory", Next: "Name the store with --store."}, nil
	}
	db, err := openReadOnly(ctx, path)
	if err != nil {
		return unable("file", err), nil
	}
	return f, db
}

// impatience is how long a check waits for a program that keeps the store to itself.
const impatience = "_pragma=busy_timeout(2000)"

// openReadOnly opens one connection that reads a store as it lies, whatever its schema, and makes sure that it can be read.
func openReadOnly(ctx context.Context, path string) (*sql.DB, error) {
	db, err := tryReadOnly(ctx, path, "mode=ro")
	if unwritable(err) && !exists(path+"-wal") {
		db, err = tryReadOnly(ctx, path, "immutable=1") // see duplicate
	}
	return db, err
}

func tryReadOnly(ctx context.Context, path, how string) (*sql.DB, error) {
	db, err := openPool(path, impatience, "_pragma=query_only(1)", how)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	var tables int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// pagesWrong reads the whole file.
func pagesWrong(ctx context.Context, c *checkup) (Finding, error) {
	var said []string
	err := each(ctx, c, `PRAGMA integrity_check(3)`, nil, func(rows *sql.Rows) error {
		said = append(said, "")
		return rows.Scan(&said[len(said)-1])
	})
	if err != nil || slices.Equal(said, []string{"ok"}) {
		return Finding{}, err
	}
	_, next := meaning(corrupt)
	return Finding{Wrong: "the file is damaged: " + strings.Join(strings.Fields(strings.Join(said, "; ")), " "), Next: next}, nil
}

func referencesWrong(ctx context.Context, c *checkup) (Finding, error) {
	n := 0
	err := each(ctx, c, `PRAGMA foreign_key_check`, nil, func(*sql.Rows) error { n++; return nil })
	return c.none(n, "1 row speaks of another one that is not there", "%d rows speak of others that are not there"), err
}

// count runs a query that counts what should not be there.
func (c *checkup) count(ctx context.Context, query string, args ...any) (n int, err error) {
	err = c.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, err
}

// none is the finding about n things that should not be there.
func (c *checkup) none(n int, one, many string) Finding {
	switch n {
	case 0:
		return Finding{}
	case 1:
		return Finding{Wrong: one, Next: restore}
	}
	return Finding{Wrong: fmt.Sprintf(many, n), Next: restore}
}
