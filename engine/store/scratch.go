package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Scratch opens a private throw-away copy of the store at o.Path, or an empty one
// when there is none. The store itself is only read. Nobody holds a flow in the
// copy: a plan may be made while a run goes on. Close deletes it.
func Scratch(ctx context.Context, o Options) (*Store, error) {
	dir, err := os.MkdirTemp("", "casebridge-plan-")
	if err != nil {
		return nil, broken("copy store", o.Path, err)
	}
	s, err := scratch(ctx, o, filepath.Join(dir, "scratch.db"))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s.discard = dir
	return s, nil
}

func scratch(ctx context.Context, o Options, path string) (*Store, error) {
	if err := duplicate(ctx, o.Path, path); err != nil {
		return nil, err
	}
	o.Path = path
	if err := prepare(path); err != nil {
		return nil, err
	}
	s, err := open(ctx, o, fleeting)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, "copy store", path, func(tx *transaction) error {
		_, err := tx.exec(ctx, `DELETE FROM leases`)
		if err == nil {
			_, err = tx.exec(ctx, `DELETE FROM payloads`) // a plan needs none
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// duplicate copies a store as it is at this moment, while others may write to it.
func duplicate(ctx context.Context, from, to string) error {
	st, err := os.Stat(from)
	if errors.Is(err, fs.ErrNotExist) || err == nil && st.Size() == 0 {
		return nil
	}
	if err != nil {
		return broken("copy store", from, err)
	}
	err = vacuumInto(ctx, from, to, "mode=ro")
	if unwritable(err) && !exists(from+"-wal") {
		// Even a reader leaves side files, which this folder does not allow. Nobody
		// else has the store open, or there would be a log: it can be read as it lies.
		err = vacuumInto(ctx, from, to, "immutable=1")
	}
	return broken("copy store", from, err)
}

func vacuumInto(ctx context.Context, from, to, how string) error {
	db, err := openPool(from, patience, how)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO $1`, to)
	return errors.Join(err, db.Close())
}

func unwritable(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	code := e.Code() & 0xff
	return code == sqlite3.SQLITE_CANTOPEN || code == sqlite3.SQLITE_READONLY
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
