package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// backupStamp stands in a copy that Backup made, until a person says what may have been sent since.
const backupStamp = "backup"

// markBackup writes into a copy when it was made. A copy of such a copy keeps the earlier moment.
func markBackup(ctx context.Context, path string, at time.Time) error {
	db, err := openPool(path, impatience, "mode=rw")
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `INSERT INTO stamps (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`,
		backupStamp, strconv.FormatInt(millis(at), 10))
	return errors.Join(err, db.Close())
}

// BackupAt is when this store was copied from another that may have gone on: it does not know what was sent since.
// It is zero for a store that is no copy, and once GoOn was called.
func (s *Store) BackupAt(ctx context.Context) (time.Time, error) {
	var value string
	err := s.read.QueryRowContext(ctx, `SELECT value FROM stamps WHERE name = $1`, backupStamp).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	at, err2 := strconv.ParseInt(value, 10, 64)
	if err == nil {
		err = err2
	}
	return instant(at), broken("look at the store", s.path, err)
}

var errNoBackup = errors.New("this store is no backup")

// GoOn takes a backup for the store from now on, by the word of a person who knows what was sent since it was made,
// and notes it in the audit trail. A store that is no backup, or in which a flow is being run, is an environment Fault.
func (s *Store) GoOn(ctx context.Context, who, why string) error {
	refuse := func(err error) error {
		return &engine.Fault{Kind: engine.Environment, Op: "go on with a backup", Ref: s.path, Err: err, Next: "Nothing was changed; look at `casebridge state show`."}
	}
	if unsaid(who, why) {
		return refuse(errNoReason)
	}
	return s.change(ctx, "go on with a backup", s.path, func(tx *transaction) error {
		if err := refuseHeld(ctx, tx, "go on with a backup", ""); err != nil {
			return err
		}
		var at string
		err := tx.row(ctx, `DELETE FROM stamps WHERE name = $1 RETURNING value`, []any{backupStamp}, &at)
		if errors.Is(err, sql.ErrNoRows) {
			return refuse(errNoBackup)
		}
		if err != nil {
			return err
		}
		made, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return err
		}
		return note(ctx, tx, AuditLine{Who: who, What: "continue", Was: "backup of " + instant(made).UTC().Format(time.RFC3339), Became: "the store", Why: why})
	})
}
