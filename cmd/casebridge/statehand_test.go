package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/user"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casebridge/casebridge/engine/store"
)

// While somebody runs a flow, its cursor and the stamps stay; who it is can be seen, and when it has died too.
func TestHeldFlowIsLeftAlone(t *testing.T) {
	r := newRig(t, t.TempDir())
	r.referred(t, 1, "counselling_trauma", "gpc")
	r.run(t, exitDone, "run")
	st, err := store.Open(t.Context(), store.Options{Path: r.env["CASEBRIDGE_STORE"], Project: "cambodia", Now: r.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	defer closeQuietly(st)
	if _, err := st.Begin(t.Context(), store.Begin{Flow: "primero-to-oscar", Who: "dara on server1 (process 7)", Lease: time.Minute}); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"state", "set", "primero-to-oscar", "--mark", "2026-11-22", "--why", "because"},
		{"state", "set", "primero-to-oscar", "--mark", "2026-11-22", "--validate"},
		{"state", "restamp", "primero", "--url", "https://new.example.org", "--why", "because", "--yes"},
	} {
		if o := r.run(t, exitEnvironment, args...); !strings.Contains(o.err, "dara on server1 (process 7) runs it since") {
			t.Errorf("%v: %s", args, o.all())
		}
	}
	r.run(t, exitDone, "state", "set", "oscar-ids", "--mark", "2026-11-22", "--why", "another flow is free")
	r.run(t, exitDone, "state", "check")
	if o := r.run(t, exitDone, "state", "show"); !strings.Contains(o.out, "held     primero-to-oscar: dara on server1 (process 7) since 2026-11-23T08:00:") {
		t.Error(o.all())
	}
	r.clock.later(time.Hour)
	if o := r.run(t, exitDone, "state", "show"); !strings.Contains(o.out, "that run has died, and the next one settles what it left open") {
		t.Error(o.all())
	}
	if o := r.run(t, exitDone, "state", "check"); !strings.Contains(o.out, "a run of primero-to-oscar ended without a word") {
		t.Error(o.all())
	}
}

// hook does something before the n-th referral leaves for OSCaR, and counts those that left before and after.
type hook struct {
	n             int
	do            func()
	once          sync.Once
	before, after atomic.Int64
}

func (h *hook) RoundTrip(q *http.Request) (*http.Response, error) {
	if q.Method == http.MethodPost && strings.Contains(q.URL.Path, "upsert") {
		if int(h.before.Load()) >= h.n {
			h.once.Do(h.do)
			h.after.Add(1)
		} else {
			h.before.Add(1)
		}
	}
	return http.DefaultTransport.RoundTrip(q)
}

// through is a run of casebridge whose requests pass a hook.
func (r *rig) through(t *testing.T, h *hook, args ...string) outcome {
	t.Helper()
	var out, errs lockedBuffer
	a := app{environ: r.environ, stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: r.clock.now, transport: h}
	return outcome{code: a.run(t.Context(), args), out: out.String(), err: errs.String()}
}

// underWay is how many sends may have been recorded and not yet have left when the store fails.
const underWay = 24

// crowded is a rig with far more referrals than may be under way, and its clients read once.
func crowded(t *testing.T, children int) *rig {
	t.Helper()
	r := newRig(t, t.TempDir())
	for i := range children {
		r.referred(t, i, "counselling_trauma", "gpc")
	}
	r.run(t, exitDone, "run", "oscar-ids")
	return r
}

// A store that is damaged in the middle of a run: what cannot be recorded is not sent.
func TestStoreIsDamagedDuringARun(t *testing.T) {
	const children = 120
	for _, at := range []int{0, 20} {
		r := crowded(t, children)
		path := r.env["CASEBRIDGE_STORE"]
		h := &hook{n: at, do: func() { scribble(t, path) }}
		o := r.through(t, h, "run", "primero-to-oscar")
		if o.code != exitEnvironment || strings.Contains(o.all(), "panic") || !strings.Contains(o.err, "restore it from a backup") {
			t.Errorf("exit %d: %s", o.code, lastLine(o.all()))
		}
		if h.after.Load() > underWay {
			t.Errorf("%d referrals left after the store was damaged", h.after.Load())
		}
		t.Logf("%d left before, %d after: %s", h.before.Load(), h.after.Load(), o.err)
		if o := r.run(t, exitEnvironment, "state", "check"); !strings.Contains(o.out, "WRONG") || !strings.Contains(o.out, "backup") {
			t.Error(o.all())
		}
		r.forget()
		if o := r.run(t, exitEnvironment, "run"); r.oscar.Writes() > 0 {
			t.Errorf("something was sent: %s", o.all())
		}
	}
}

// scribble overwrites all of a store but its first page, as a failing disk does, while another program
// writes to it: what SQLite had in memory then counts no more.
func scribble(t *testing.T, path string) {
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=busy_timeout(9000)")
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(t.Context(), nil)
	if err == nil {
		_, err = tx.ExecContext(t.Context(), `UPDATE recall_objects SET whole_at = whole_at + 1`)
	}
	for _, end := range []string{"", "-wal"} {
		err = errors.Join(err, overwrite(path+end))
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		t.Error(err)
	}
}

// overwrite fills a file with nonsense from its second page on.
func overwrite(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer closeQuietly(f)
	st, err := f.Stat()
	if err == nil && st.Size() > 4096 {
		_, err = f.WriteAt(bytes.Repeat([]byte{0x5a}, int(st.Size())-4096), 4096)
	}
	return err
}

// A store that another program keeps to itself in the middle of a run: what cannot be recorded is
// not sent, and when it is free again, the next run goes on and sends nothing twice.
func TestStoreIsLockedDuringARun(t *testing.T) {
	if os.Getenv("CASEBRIDGE_LONG") == "" {
		t.Skip("SQLite's patience makes it take a minute; CASEBRIDGE_LONG=1 runs it")
	}
	const children = 120
	r := crowded(t, children)
	db, err := sql.Open("sqlite", "file:"+r.env["CASEBRIDGE_STORE"]+"?_txlock=immediate&_pragma=busy_timeout(9000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var tx *sql.Tx
	h := &hook{n: 10, do: func() {
		if tx, err = db.BeginTx(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}}
	o := r.through(t, h, "run", "primero-to-oscar")
	if o.code != exitEnvironment || !strings.Contains(o.err, "Another program holds the store") {
		t.Errorf("exit %d: %s", o.code, o.all())
	}
	if h.after.Load() > underWay {
		t.Errorf("%d referrals left after the store was locked", h.after.Load())
	}
	t.Logf("%d left before, %d after: %s", h.before.Load(), h.after.Load(), o.err)
	if tx == nil {
		t.Fatal("the store could not be locked")
	}
	_ = tx.Rollback()
	r.clock.later(10 * time.Minute)
	o = r.run(t, exitDone, "run", "primero-to-oscar")
	if !strings.Contains(o.out, "A run that died was recovered") {
		t.Error(o.all())
	}
	seen := map[string]int{}
	for _, ref := range r.received("gpc") {
		if seen[ref.ExternalID]++; seen[ref.ExternalID] > 1 {
			t.Errorf("case %s was sent twice", ref.ExternalID)
		}
	}
	if len(seen) != children {
		t.Errorf("%d of %d arrived", len(seen), children)
	}
}

// Who signs what is written into the store: account, machine, process.
func TestWho(t *testing.T) {
	u, err := user.Current()
	if err != nil {
		t.Skip(err)
	}
	if text := who(); !strings.Contains(text, u.Username) || !strings.Contains(text, fmt.Sprintf("(process %d)", os.Getpid())) {
		t.Error(text)
	}
	r := newRig(t, t.TempDir())
	a := app{environ: r.environ, stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, now: r.clock.now, who: "dara on server1 (process 7)"}
	if code := a.run(t.Context(), []string{"run", "oscar-ids"}); code != exitDone {
		t.Fatal(code)
	}
	if o := r.run(t, exitDone, "state", "history"); !strings.Contains(o.out, "by dara on server1 (process 7)\n") {
		t.Error(o.out)
	}
}

// One record is not several.
func TestKeyTextCounts(t *testing.T) {
	for want, k := range map[string]store.KeyState{
		"given, but 1 record was sealed under another one":   {Given: true, Unreadable: 1},
		"given, but 2 records were sealed under another one": {Given: true, Unreadable: 2},
		"not given; 1 record cannot be unsealed":             {Unreadable: 1},
		"not given; 2 records cannot be unsealed":            {Unreadable: 2},
	} {
		if got := keyText(k); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
