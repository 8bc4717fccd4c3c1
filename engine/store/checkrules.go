package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"
	sqlite3 "modernc.org/sqlite/lib"
)

const corrupt = sqlite3.SQLITE_CORRUPT

// latestSchema is the schema that this program brings a store to.
func latestSchema() (int64, error) {
	files, err := fs.ReadDir(migrations, "migrations/sqlite")
	if err != nil {
		return 0, err
	}
	return goose.NumericComponent(files[len(files)-1].Name())
}

// schemaWrong compares the schema with that of this program.
func schemaWrong(ctx context.Context, c *checkup) (Finding, error) {
	ours, err := latestSchema()
	if err != nil {
		return Finding{}, err
	}
	is, err := c.count(ctx, `SELECT coalesce(max(version_id), 0) FROM schema_versions WHERE is_applied = 1`)
	switch {
	case err != nil:
		return Finding{}, err
	case int64(is) > ours:
		return Finding{Wrong: fmt.Sprintf("it was written by a newer program (schema %d; this one knows %d)", is, ours),
			Next: "Use the newer casebridge."}, nil
	case int64(is) < ours:
		return Finding{Note: fmt.Sprintf("schema %d; the next command that opens it brings it to %d", is, ours)}, nil
	}
	return Finding{Note: fmt.Sprintf("schema %d", is)}, nil
}

// ownerWrong compares the stamps with the project and the systems that the settings lead to.
func ownerWrong(ctx context.Context, c *checkup) (Finding, error) {
	stamps := map[string]string{}
	err := each(ctx, c, `SELECT name, value FROM stamps`, nil, func(rows *sql.Rows) error {
		var name, value string
		err := rows.Scan(&name, &value)
		stamps[name] = value
		return err
	})
	if err != nil {
		return Finding{}, err
	}
	if was := stamps["project"]; was != "" && was != c.o.Project {
		return Finding{Wrong: fmt.Sprintf("it belongs to project %s, not to %s", was, c.o.Project), Next: "Name another store for this project."}, nil
	}
	for _, name := range slices.Sorted(maps.Keys(c.o.URLs)) {
		was, now := stamps[urlStamp+name], Whereabouts(c.o.URLs[name])
		if was != "" && now != "" && was != now {
			return Finding{Wrong: fmt.Sprintf("it belongs to %s, but the settings of %s lead to %s", was, name, now),
				Next: "Set the URL back or name another store; if the same system has moved: `casebridge state restamp " + name + "`."}, nil
		}
	}
	return Finding{Note: "project " + cmp.Or(stamps["project"], c.o.Project)}, nil
}

// sendsWrong: a state of the table in doc.go, and what is on its way belongs to a run that has not ended.
func sendsWrong(ctx context.Context, c *checkup) (Finding, error) {
	states := "'" + strings.Join([]string{sendIntended, sendSent, sendAwaiting, sendShown, sendParked, sendClosed, sendLost}, "', '") + "'"
	n, err := c.count(ctx, `SELECT count(*) FROM sends WHERE state NOT IN (`+states+`)`)
	if err != nil || n > 0 {
		return c.none(n, "1 send is in a state that there is not", "%d sends are in states that there are not"), err
	}
	n, err = c.count(ctx, `SELECT count(*) FROM sends AS s LEFT JOIN runs AS r ON r.id = s.run
		WHERE s.state = 'intended' AND coalesce(r.state, '') <> 'running'`)
	return c.none(n, "1 send is said to be on its way, but its run has ended", "%d sends are said to be on their way, but their runs have ended"), err
}

func knownWrong(ctx context.Context, c *checkup) (Finding, error) {
	n, err := c.count(ctx, `SELECT count(*) FROM send_known AS k LEFT JOIN sends AS s ON s.id = k.send AND s.object = k.object WHERE s.id IS NULL`)
	if err != nil || n > 0 {
		return c.none(n, "1 known pair has no send", "%d known pairs have no send"), err
	}
	n, err = c.count(ctx, `SELECT count(*) FROM sends WHERE known <> '[]' AND id NOT IN (SELECT send FROM send_known)`)
	return c.none(n, "1 send cannot be found by what is known of it", "%d sends cannot be found by what is known of them"), err
}

// intentsWrong: what has no outcome belongs to a run that has not ended. A run that
// died is no fault of the store: the next run of its flow settles what it left.
func intentsWrong(ctx context.Context, c *checkup) (Finding, error) {
	n, err := c.count(ctx, `SELECT count(*) FROM intents AS i JOIN runs AS r ON r.id = i.run WHERE i.state = 'intended' AND r.state <> 'running'`)
	if err != nil || n > 0 {
		return c.none(n, "1 write has no outcome, but its run has ended", "%d writes have no outcome, but their runs have ended"), err
	}
	var dead []string
	query := `SELECT DISTINCT r.flow FROM runs AS r LEFT JOIN leases AS l ON l.run = r.id AND l.expires > $1
		WHERE r.state = 'running' AND l.run IS NULL ORDER BY r.flow`
	err = each(ctx, c, query, []any{millis(c.o.Now())}, func(rows *sql.Rows) error {
		dead = append(dead, "")
		return rows.Scan(&dead[len(dead)-1])
	})
	if err != nil || len(dead) == 0 {
		return Finding{}, err
	}
	return Finding{Note: "a run of " + strings.Join(dead, ", ") + " ended without a word; the next one settles what it left open"}, nil
}

func quarantineWrong(ctx context.Context, c *checkup) (Finding, error) {
	n, err := c.count(ctx, `SELECT count(*) FROM quarantine WHERE status NOT IN ($1, $2, $3)`, EntryOpen, EntryClosed, EntryDiscarded)
	return c.none(n, "1 entry is in a state that there is not", "%d entries are in states that there are not"), err
}

// auditWrong: lines are never deleted, so their numbers have no gaps, and what keeps it so is there.
func auditWrong(ctx context.Context, c *checkup) (Finding, error) {
	n, err := c.count(ctx, `SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'audit'), 0) - count(*) FROM audit`)
	if err != nil || n != 0 {
		return c.none(n, "1 line is missing", "%d lines are missing"), err
	}
	n, err = c.count(ctx, `SELECT 2 - count(*) FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'audit'`)
	return c.none(n, "a trigger that protects it is missing", "%d triggers that protect it are missing"), err
}

func recallWrong(ctx context.Context, c *checkup) (Finding, error) {
	n, err := c.count(ctx, `SELECT count(*) FROM recall_values AS v LEFT JOIN recall AS r ON r.id = v.record AND r.object = v.object WHERE r.id IS NULL`)
	return c.none(n, "1 remembered value has no record", "%d remembered values have no record"), err
}

// keyWrong tries everything that is sealed.
func keyWrong(ctx context.Context, c *checkup) (Finding, error) {
	var key *sealer
	var err error
	if c.o.Key != nil {
		if key, err = newSealer(c.o.Key); err != nil {
			return Finding{}, err
		}
	}
	sealed, shut := 0, 0
	query := `SELECT o.object, r."key", r.sealed FROM recall AS r JOIN recall_objects AS o ON o.id = r.object WHERE r.sealed IS NOT NULL`
	err = each(ctx, c, query, nil, func(rows *sql.Rows) error {
		var object, name string
		var blob []byte
		err := rows.Scan(&object, &name, &blob)
		if _, ok := key.open(recallPlace(object, name), blob); !ok {
			shut++
		}
		sealed++
		return err
	})
	switch {
	case err != nil || shut == 0:
		return Finding{Note: fmt.Sprintf("opens %d of %d recalled records", sealed, sealed)}, err
	case key == nil:
		return Finding{Wrong: fmt.Sprintf("none is given, and recalled records are sealed (%d)", shut),
			Next: "Give the key that this store was used with (CASEBRIDGE_KEY or CASEBRIDGE_KEY_FILE)."}, nil
	}
	return Finding{Wrong: fmt.Sprintf("it opens only %d of %d recalled records", sealed-shut, sealed),
		Next: "Give the key that they were sealed under. If it is lost, they are remembered again under this one when they are next read."}, nil
}
