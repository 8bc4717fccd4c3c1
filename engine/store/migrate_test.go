package store

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
)

// A store of the first schema, in use, is looked at as it lies and brought up to date by Open; nothing of it is lost.
func TestOldStoreIsBroughtUpToDate(t *testing.T) {
	o := newClock().options(temp(t))
	check(t, prepare(o.Path))
	db, err := openPool(o.Path, "_pragma=journal_mode(WAL)")
	check(t, err)
	sub, err := fs.Sub(migrations, "migrations/sqlite")
	check(t, err)
	p, err := goose.NewProvider(goose.DialectSQLite3, db, sub, goose.WithLogger(goose.NopLogger()), goose.WithTableName("schema_versions"))
	check(t, err)
	_, err = p.UpTo(t.Context(), 1)
	check(t, err)
	_, err = db.ExecContext(t.Context(), `INSERT INTO sends (object, once, flow, route, record, item, known, state, awaiting, sent_at)
		VALUES ('west.referral', 'a', 'up', 'referrals', 'case 1', '', '[]', 'parked', 0, 1);
		INSERT INTO audit (at, who, what, flow, run, was, became, why) VALUES (1, 'tester', 'adopt', 'up', 0, '', '', '')`)
	check(t, err)
	check(t, db.Close())

	findings := Check(t.Context(), o)
	i := slices.IndexFunc(findings, func(f Finding) bool { return f.Check == "schema" })
	if wrong := faulty(findings); len(wrong) > 0 || !strings.Contains(findings[i].Note, "schema 1; the next command that opens it brings it to") {
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
	if wrong := faulty(Check(t.Context(), o)); len(wrong) > 0 {
		t.Errorf("%+v", wrong)
	}
}
