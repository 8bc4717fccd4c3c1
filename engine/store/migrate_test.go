package store

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
)

// A store of any older schema, in use, is looked at as it lies and brought up to date by Open; nothing of it is lost.
func TestOldStoreIsBroughtUpToDate(t *testing.T) {
	latest, err := latestSchema()
	check(t, err)
	for version := range latest {
		t.Run(fmt.Sprint(version+1), func(t *testing.T) { bringUpToDate(t, version+1) })
	}
}

func bringUpToDate(t *testing.T, version int64) {
	o := newClock().options(temp(t))
	check(t, prepare(o.Path))
	db, err := openPool(o.Path, "_pragma=journal_mode(WAL)")
	check(t, err)
	sub, err := fs.Sub(migrations, "migrations/sqlite")
	check(t, err)
	p, err := goose.NewProvider(goose.DialectSQLite3, db, sub, goose.WithLogger(goose.NopLogger()), goose.WithTableName("schema_versions"))
	check(t, err)
	_, err = p.UpTo(t.Context(), version)
	check(t, err)
	_, err = db.ExecContext(t.Context(), `INSERT INTO sends (object, once, flow, route, record, item, known, state, awaiting, sent_at)
		VALUES ('west.referral', 'a', 'up', 'referrals', 'case 1', '', '[]', 'parked', 0, 1);
		INSERT INTO quarantine (flow, record, route, item, verdict, kind, code, reason, place, value, fields, spec_version, status, first_at, last_at, times, run)
		VALUES ('up', 'case 1', 'referrals', '', 'refused', 'rejected', 'c', 'no', '', '', '[]', 'v', 'open', 1, 2, 3, 4);
		INSERT INTO audit (at, who, what, flow, run, was, became, why) VALUES (1, 'tester', 'adopt', 'up', 0, '', '', '')`)
	check(t, err)
	if version >= 3 {
		_, err = db.ExecContext(t.Context(), `INSERT INTO unmapped VALUES ('up', 'services', 'east', 'Respite (new)', 'type other', 'case 7', 1, 2, 3)`)
		check(t, err)
	}
	check(t, db.Close())

	findings := Check(t.Context(), o)
	i := slices.IndexFunc(findings, func(f Finding) bool { return f.Check == "schema" })
	if wrong := faulty(findings); len(wrong) > 0 || !strings.Contains(findings[i].Note, fmt.Sprintf("schema %d", version)) {
		t.Errorf("%+v", findings)
	}
	s := mustOpen(t, o)
	parked, err := s.Parked(t.Context())
	if err != nil || len(parked) != 1 || parked[0].Looked != 0 {
		t.Errorf("%+v %v", parked, err)
	}
	lines, err := s.Audit(t.Context(), "", 0)
	if err != nil || len(lines) != 1 {
		t.Errorf("%+v %v", lines, err)
	}
	if _, err := s.write.ExecContext(t.Context(), `DELETE FROM audit`); err == nil {
		t.Error("its audit trail can be changed")
	}
	held, err := s.Quarantine(t.Context(), QuarantineFilter{Open: true})
	if err != nil || len(held) != 1 || held[0].Times != 3 || held[0].Sought != "" {
		t.Errorf("%+v %v", held, err)
	}
	carriers, err := s.Carriers(t.Context(), "up")
	if known := version >= 3 && version < 7; err != nil || (len(carriers) == 1) != known {
		t.Errorf("%+v %v", carriers, err)
	}
	if wrong := faulty(Check(t.Context(), o)); len(wrong) > 0 {
		t.Errorf("%+v", wrong)
	}
}
