package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/casebridge/casebridge/engine"
)

// Copied says what a backup holds.
type Copied struct {
	Path     string
	Size     int64 // bytes
	Sends    int
	Parked   int
	Held     int // open quarantine entries
	Recalled int
	Audited  int       // lines of the audit trail
	Findings []Finding // of the copy
}

var (
	errNoStore   = errors.New("there is no store")
	errIsThere   = errors.New("there is such a file already")
	errBadBackup = errors.New("the copy is not sound")
)

// Backup copies the store at o.Path, as it is at one moment, to a new file that
// only this user can read; a run may go on meanwhile. The copy is made under
// another name, checked, and given its name last: a file called to is whole. An
// existing one is never overwritten. The copy knows that it is one: see BackupAt.
func Backup(ctx context.Context, o Options, to string) (Copied, error) {
	if err := mayBackup(o.Path, to); err != nil {
		return Copied{}, err
	}
	part, err := os.CreateTemp(filepath.Dir(to), ".casebridge-unfinished-")
	if err != nil {
		return Copied{}, refuseBackup(to, err, "Name a file in a directory that this user can write.")
	}
	defer discard(part.Name())
	if err := part.Close(); err != nil {
		return Copied{}, broken("back up store", to, err)
	}
	if err := duplicate(ctx, o.Path, part.Name()); err != nil {
		return Copied{}, err
	}
	if err := markBackup(ctx, part.Name(), o.Now()); err != nil {
		return Copied{}, broken("back up store", to, err)
	}
	c, err := inspect(ctx, o, part.Name())
	if err != nil {
		return c, err
	}
	c.Path = to
	return c, publish(part.Name(), to)
}

func refuseBackup(to string, err error, next string) error {
	return &engine.Fault{Kind: engine.Environment, Op: "back up store", Ref: to, Err: err, Next: next}
}

func mayBackup(from, to string) error {
	if st, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) || err == nil && st.Size() == 0 {
		return refuseBackup(from, errNoStore, "Name the right one with --store.")
	}
	if _, err := os.Lstat(to); err == nil {
		return refuseBackup(to, errIsThere, "Name a new file; a backup never overwrites one.")
	}
	return nil
}

// discard removes an unfinished copy and what SQLite may have put beside it.
func discard(path string) {
	for _, end := range []string{"", "-journal", "-wal", "-shm"} {
		_ = os.Remove(path + end) // most of them were never there
	}
}

// inspect checks a copy and counts what it holds.
func inspect(ctx context.Context, o Options, path string) (Copied, error) {
	original := o.Path
	o.Path = path
	c := Copied{Findings: Check(ctx, o)}
	if o.Key == nil { // a backup is made without one too
		c.Findings = slices.DeleteFunc(c.Findings, func(f Finding) bool { return f.Check == keyCheck })
	}
	for _, f := range c.Findings[:min(2, len(c.Findings))] { // the file and its pages; the others are as in the original
		if !f.OK() {
			return c, refuseBackup(original, fmt.Errorf("%w: %s", errBadBackup, f.Wrong), "Try again; if it stays so, look at `casebridge state check`.")
		}
	}
	c.Findings[0].Note = "" // the name of the unfinished copy
	st, err := os.Stat(path)
	if err != nil {
		return c, broken("back up store", path, err)
	}
	c.Size = st.Size()
	db, err := openReadOnly(ctx, path)
	if err != nil {
		return c, broken("back up store", path, err)
	}
	defer func() { _ = db.Close() }()
	err = db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM sends), (SELECT count(*) FROM sends WHERE state = 'parked'),
		(SELECT count(*) FROM quarantine WHERE status = 'open'), (SELECT count(*) FROM recall), (SELECT count(*) FROM audit)`).
		Scan(&c.Sends, &c.Parked, &c.Held, &c.Recalled, &c.Audited)
	return c, broken("back up store", path, err)
}

// publish gives a finished copy its name, when it is safely on disk and nobody has taken the name meanwhile.
func publish(part, to string) error {
	if err := syncFile(part); err != nil {
		return broken("back up store", to, err)
	}
	err := os.Link(part, to)
	switch {
	case errors.Is(err, fs.ErrExist):
		return refuseBackup(to, errIsThere, "Name a new file; a backup never overwrites one.")
	case err != nil: // a file system without links
		err = os.Rename(part, to)
	}
	if err == nil {
		err = syncFile(filepath.Dir(to))
	}
	return broken("back up store", to, err)
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
