package store

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// faulty are the findings that are not ok.
func faulty(all []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(all), Finding.OK)
}

// full is a store with something of everything in it.
func full(t *testing.T, c *clock, path string) (*Store, Options) {
	t.Helper()
	o := c.options(path)
	o.Key, o.URLs = key(1), map[string]string{"west": "https://west.example.org"}
	s := mustOpen(t, o)
	r := mustBegin(t, s, "up")
	sent(t, r, engine.Done, "a")
	sent(t, r, engine.Unknown, "b")
	_, err := r.Settle(t.Context(), Settlement{Recalled: []Recalled{clientOf(1), clientOf(2)}, Held: []Held{{Change: sendOf("x")}}})
	check(t, err)
	check(t, r.End(t.Context(), End{State: "partial", Mark: c.at}))
	return s, o
}

func TestCheckOfASoundStore(t *testing.T) {
	c := newClock()
	s, o := full(t, c, temp(t))
	findings := Check(t.Context(), o)
	if wrong := faulty(findings); len(wrong) > 0 || len(findings) != 2+len(checks()) {
		t.Errorf("%+v", findings)
	}
	// While a run goes on, and when it has died.
	r := mustBegin(t, s, "up")
	_, err := r.Intend(t.Context(), []Intent{{Change: sendOf("c")}})
	check(t, err)
	if wrong := faulty(Check(t.Context(), o)); len(wrong) > 0 {
		t.Errorf("%+v", wrong)
	}
	c.pass(time.Hour)
	findings = Check(t.Context(), o)
	if wrong := faulty(findings); len(wrong) > 0 {
		t.Errorf("%+v", wrong)
	}
	i := slices.IndexFunc(findings, func(f Finding) bool { return f.Check == "intents" })
	if !strings.Contains(findings[i].Note, "a run of up ended without a word") {
		t.Errorf("%+v", findings[i])
	}
}

// A look changes nothing, not even the schema of a store of yesterday.
func TestCheckChangesNothing(t *testing.T) {
	s, o := full(t, newClock(), temp(t))
	check(t, s.Close())
	before := prints(t, filepath.Dir(o.Path))
	Check(t.Context(), o)
	after := prints(t, filepath.Dir(o.Path))
	if before["valley.db"] != after["valley.db"] {
		t.Error("the file was changed")
	}
}

// Every rule is seen broken once, by hand.
func TestCheckFindsBrokenRules(t *testing.T) {
	other := func(o *Options) { o.Project = "mountain" }
	moved := func(o *Options) { o.URLs["west"] = "https://elsewhere.example.org" }
	tests := []struct {
		check, wrong string
		query        string
		spoil        func(*Options)
	}{
		{check: "references", wrong: "1 row speaks", query: `INSERT INTO leases VALUES ('down', 99, 'x', 0, 0)`},
		{check: "schema", wrong: "newer program", query: `INSERT INTO schema_versions (version_id, is_applied) VALUES (99, 1)`},
		{check: "schema", wrong: "no such table", query: `DROP TABLE schema_versions`},
		{check: "owner", wrong: "project valley, not to mountain", spoil: other},
		{check: "owner", wrong: "west.example.org", spoil: moved},
		{check: "sends", wrong: "2 sends are in states that there are not", query: `UPDATE sends SET state = 'gone'`},
		{check: "sends", wrong: "1 send is said to be on its way", query: `UPDATE sends SET state = 'intended' WHERE once = 'a'`},
		{check: "known pairs", wrong: "known pairs have no send", query: `UPDATE send_known SET object = 'east.other' WHERE send = 1`},
		{check: "known pairs", wrong: "1 send cannot be found", query: `DELETE FROM send_known WHERE send = 1`},
		{check: "intents", wrong: "1 write has no outcome", query: `UPDATE intents SET state = 'intended' WHERE id = 1`},
		{check: "quarantine", wrong: "1 entry is in a state", query: `UPDATE quarantine SET status = 'forgotten'`},
		{check: "audit trail", wrong: "1 line is missing", query: `DROP TRIGGER audit_is_never_deleted; DELETE FROM audit WHERE id = 1`},
		{check: "audit trail", wrong: "a trigger that protects it is missing", query: `DROP TRIGGER audit_is_never_changed`},
		{check: "recall", wrong: "remembered values have no record", query: `UPDATE recall_values SET object = 77 WHERE record = 1`},
		{check: "key", wrong: "none is given", spoil: func(o *Options) { o.Key = nil }},
		{check: "key", wrong: "it opens only 0 of 2", spoil: func(o *Options) { o.Key = key(2) }},
		{check: "key", wrong: "it opens only 1 of 2", query: `UPDATE recall SET "key" = 'another' WHERE id = 1`},
	}
	for _, tt := range tests {
		t.Run(tt.check+" "+tt.wrong, func(t *testing.T) {
			s, o := full(t, newClock(), temp(t))
			if tt.query != "" {
				_, err := s.write.ExecContext(t.Context(), `PRAGMA foreign_keys = OFF; `+tt.query)
				check(t, err)
			}
			if tt.spoil != nil {
				tt.spoil(&o)
			}
			wrong := faulty(Check(t.Context(), o))
			i := slices.IndexFunc(wrong, func(f Finding) bool { return f.Check == tt.check })
			if i < 0 || !strings.Contains(wrong[i].Wrong, tt.wrong) || wrong[i].Next == "" {
				t.Errorf("found %+v", wrong)
			}
		})
	}
}

// damage overwrites the middle of a closed store's file.
func damage(t *testing.T, path string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	check(t, err)
	copy(raw[4096:], bytes.Repeat([]byte{0x5a}, len(raw)-8192))
	check(t, os.WriteFile(path, raw, 0o600))
}

func TestCheckOfADamagedStore(t *testing.T) {
	s, o := full(t, newClock(), temp(t))
	check(t, s.Close())
	damage(t, o.Path)
	wrong := faulty(Check(t.Context(), o))
	if len(wrong) != 1 || !strings.Contains(wrong[0].Next, "backup") {
		t.Errorf("%+v", wrong)
	}
	check(t, os.WriteFile(o.Path, []byte(strings.Repeat("this is a letter, not a store. ", 400)), 0o600))
	wrong = faulty(Check(t.Context(), o))
	if len(wrong) != 1 || wrong[0].Check != "file" || !strings.Contains(wrong[0].Next, "backup") {
		t.Errorf("%+v", wrong)
	}
	check(t, os.WriteFile(o.Path, nil, 0o600))
	if wrong = faulty(Check(t.Context(), o)); len(wrong) == 0 {
		t.Error("an empty file is sound")
	}
}

func TestCheckOfNoStore(t *testing.T) {
	o := newClock().options(filepath.Join(t.TempDir(), "none.db"))
	wrong := faulty(Check(t.Context(), o))
	if len(wrong) != 1 || !strings.Contains(wrong[0].Wrong, "no store") {
		t.Errorf("%+v", wrong)
	}
	if _, err := os.Stat(o.Path); err == nil {
		t.Error("a look made a store")
	}
	o.Path = t.TempDir()
	if wrong = faulty(Check(t.Context(), o)); len(wrong) != 1 || !strings.Contains(wrong[0].Wrong, "directory") {
		t.Errorf("%+v", wrong)
	}
}

func TestCheckOfALockedStore(t *testing.T) {
	s, o := full(t, newClock(), temp(t))
	check(t, s.Close())
	keeper, err := openPool(o.Path, "_pragma=locking_mode(EXCLUSIVE)", "_txlock=exclusive")
	check(t, err)
	defer func() { _ = keeper.Close() }()
	tx, err := keeper.BeginTx(t.Context(), nil)
	check(t, err)
	defer func() { _ = tx.Rollback() }()
	began := time.Now()
	wrong := faulty(Check(t.Context(), o))
	if len(wrong) != 1 || !strings.Contains(wrong[0].Next, "Another program") {
		t.Errorf("%+v", wrong)
	}
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it waited %v", took)
	}
}
