package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
)

var epoch = time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)

var copyProject = map[string]string{
	"project.yaml": `kind: Project
name: test
zone: UTC
schedule: {cron: "0 * * * *", run: [copy, letters]}
connections:
  east: {driver: east}
  west: {driver: west}
`,
	"copy.yaml": `kind: Flow
name: copy
title: Cases of the east are kept in the west
source: {read: east.case, as: case, since: {start: everything, overlap: 10m}}
one_at_a_time: [case.family]
routes:
- name: cases
  steps:
  - {name: there, read: west.case, by: {number: case.number}, none: nothing, several: quarantine, say: the west has this number twice}
  write:
  - upsert: west.case
    target: there
    fields:
      id: {expr: 'uuid5(case.number)', policy: on_create}
      number: {from: case.number, policy: on_create}
      name: {from: case.name, required: true}
      remark: {from: case.remark}
`,
	"letters.yaml": `kind: Flow
name: letters
title: One letter for each case that asks for one
source: {read: east.case, as: case, since: {start: "2026-01-01", overlap: 10m}}
one_at_a_time: [case.number]
routes:
- name: letters
  steps:
  - {must: given(case.to), else: skip, say: asks for no letter}
  write:
  - send: west.letter
    once_per: {number: case.number}
    known_as: {number: case.number, to: case.to}
    fields:
      to: {from: case.to}
      number: {from: case.number}
      name: {from: case.name}
- name: seen
  steps:
  - {must: 'case.remark == "arrived"', else: nothing}
  - proves: west.letter
    known_as: {number: case.number, to: case.to}
    answer: case.number
`,
}

// stage is a project with two cabinets and a store on disk.
type stage struct {
	t          *testing.T
	east, west *cabinet
	program    *mapping.Program
	project    *spec.Project
	path       string
	key        []byte
	clock      atomic.Int64 // seconds after epoch
}

func newStage(t *testing.T, east, west *cabinet) *stage {
	t.Helper()
	return newStageOf(t, copyProject, east, west)
}

func newStageOf(t *testing.T, texts map[string]string, east, west *cabinet) *stage {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range []string{"east", "west"} {
		files["from-"+name+".yaml"] = &fstest.MapFile{Data: []byte(shared(name))}
	}
	for name, text := range texts {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	s := &stage{t: t, east: east, west: west, path: filepath.Join(t.TempDir(), "test.db")}
	project, diags := spec.Load(files, []engine.Driver{driver{"east", east}, driver{"west", west}})
	s.refuse(diags)
	s.project = project
	s.program, diags = mapping.Compile(project)
	s.refuse(diags)
	return s
}

func (s *stage) refuse(diags []engine.Diag) {
	s.t.Helper()
	if !engine.HasErrors(diags) {
		return
	}
	var b strings.Builder
	for _, d := range diags {
		if err := d.Print(&b); err != nil {
			s.t.Fatal(err)
		}
	}
	s.t.Fatal(b.String())
}

func (s *stage) now() time.Time { return epoch.Add(time.Duration(s.clock.Load()) * time.Second) }

func (s *stage) options() store.Options {
	return store.Options{Path: s.path, Project: "test", URLs: map[string]string{"east": "http://east.invalid"}, Key: s.key, Now: s.now}
}

func (s *stage) job(flow string, st *store.Store) reconcile.Job {
	return reconcile.Job{Project: s.project, Flow: s.program.Flow(flow), Store: st, Now: s.now,
		Readers: map[string]engine.Reader{"east": s.east, "west": s.west},
		Limits:  spec.Limits{Creates: -1, Sends: -1, UpdatedPercent: -1}, Log: slog.New(slog.DiscardHandler), Who: "test"}
}

// run is one hour's run of a flow.
func (s *stage) run(flow string, change ...func(*reconcile.Job)) (reconcile.Summary, error) {
	s.t.Helper()
	s.clock.Add(3600)
	st, err := store.Open(context.Background(), s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	job := s.job(flow, st)
	for _, c := range change {
		c(&job)
	}
	return reconcile.Run(context.Background(), job, map[string]engine.Writer{"east": s.east, "west": s.west})
}

func (s *stage) plan(flow string) (reconcile.Summary, error) {
	s.t.Helper()
	st, err := store.Scratch(context.Background(), s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	return reconcile.Plan(context.Background(), s.job(flow, st))
}

func (s *stage) cursor(flow string) store.Cursor {
	s.t.Helper()
	st, err := store.Open(context.Background(), s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	cur, err := st.Cursor(context.Background(), flow)
	if err != nil {
		s.t.Fatal(err)
	}
	return cur
}

func plainCase(int) map[string]any { return nil }
func wantsLetter(i int) map[string]any {
	return map[string]any{"to": fmt.Sprintf("office-%d", i)}
}

func mustDone(t *testing.T, sum reconcile.Summary, err error) {
	t.Helper()
	if err != nil || sum.State != reconcile.EndedDone {
		t.Fatalf("ended %s: %v (%+v)", sum.State, err, sum)
	}
}

func TestPlanSaysWhatRunDoesAndTheSecondRunWritesNothing(t *testing.T) {
	s := newStage(t, newCabinet(600, plainCase), newCabinet(0, plainCase))
	plan, err := s.plan("copy")
	if err != nil || plan.Created != 600 || s.west.writes != 0 {
		t.Fatalf("plan: %+v, %v, %d writes", plan, err, s.west.writes)
	}
	sum, err := s.run("copy")
	mustDone(t, sum, err)
	if sum.Created != plan.Created || len(s.west.cases) != 600 {
		t.Errorf("run created %d, the plan said %d", sum.Created, plan.Created)
	}
	before := s.west.writes
	sum, err = s.run("copy", func(j *reconcile.Job) { j.Window.Everything = true })
	mustDone(t, sum, err)
	if s.west.writes != before || sum.Unchanged != 600 {
		t.Errorf("the second run wrote %d times (%+v)", s.west.writes-before, sum)
	}
}

// A lookup that always fails for one record hides no other.
func TestOneBadRecordStopsNoOther(t *testing.T) {
	s := newStage(t, newCabinet(300, plainCase), newCabinet(0, plainCase))
	delete(s.east.cases["0007"], "name")
	s.west.findFault = func(v string) *engine.Fault {
		if v == "N0011" {
			return &engine.Fault{Kind: engine.Transient, Op: "look up", Status: 500}
		}
		return nil
	}
	s.west.writeFault = func(c engine.Change) *engine.Outcome {
		if strings.Contains(c.Record, "N0013") {
			return &engine.Outcome{State: engine.Refused, Fault: &engine.Fault{Kind: engine.Rejected, Op: "create", Status: 422, Fields: []string{"/name"}}}
		}
		return nil
	}
	sum, err := s.run("copy")
	if err != nil || sum.State != reconcile.EndedPartial {
		t.Fatalf("ended %s: %v", sum.State, err)
	}
	if sum.Created != 297 || sum.Quarantined.Total() != 2 || sum.Unclear.Total() != 1 {
		t.Errorf("created %d, quarantined %v, unclear %v", sum.Created, sum.Quarantined.Count, sum.Unclear.Count)
	}
}

// The cursor stays when the window was not read whole, and the next run goes on.
func TestCursorStaysWhenReadingBreaks(t *testing.T) {
	s := newStage(t, newCabinet(600, plainCase), newCabinet(0, plainCase))
	s.east.breakRead = 400
	sum, err := s.run("copy")
	if err == nil || sum.State != reconcile.EndedPartial || !s.cursor("copy").Mark.IsZero() {
		t.Fatalf("ended %s, %v, cursor %v", sum.State, err, s.cursor("copy").Mark)
	}
	s.east.breakRead = 0
	sum, err = s.run("copy")
	mustDone(t, sum, err)
	if len(s.west.cases) != 600 || s.cursor("copy").Mark.IsZero() {
		t.Errorf("%d cases arrived, cursor %v", len(s.west.cases), s.cursor("copy").Mark)
	}
}

func TestManualWindowsNeverMoveTheCursor(t *testing.T) {
	for name, w := range map[string]reconcile.Window{
		"case": {Named: "N0003"}, "limit": {Limit: 3}, "since": {Since: epoch.AddDate(0, -1, 0)}, "everything": {Everything: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, newCabinet(5, plainCase), newCabinet(0, plainCase))
			sum, err := s.run("copy", func(j *reconcile.Job) { j.Window = w })
			mustDone(t, sum, err)
			if !s.cursor("copy").Mark.IsZero() || sum.Created == 0 {
				t.Errorf("cursor %v, created %d", s.cursor("copy").Mark, sum.Created)
			}
		})
	}
}

// What cannot be sent twice is parked when the answer is lost, never sent again, and closed when it is seen.
func TestLostAnswerIsParkedAndNeverSentAgain(t *testing.T) {
	s := newStage(t, newCabinet(3, wantsLetter), newCabinet(0, plainCase))
	s.west.afterWrite = func(c engine.Change) *engine.Outcome {
		if strings.Contains(c.Record, "N0001") {
			return &engine.Outcome{State: engine.Unknown, Fault: &engine.Fault{Kind: engine.Transient, Op: "send"}}
		}
		return nil
	}
	sum, err := s.run("letters")
	if err != nil || sum.Parked != 1 || sum.Sent != 2 || len(s.west.letters) != 3 {
		t.Fatalf("%v: %+v, %d letters", err, sum, len(s.west.letters))
	}
	for range 3 {
		if sum, err = s.run("letters"); err != nil || sum.Sent != 0 || sum.Blocked.Total() != 1 {
			t.Fatalf("%v: sent %d, blocked %v", err, sum.Sent, sum.Blocked.Count)
		}
	}
	s.east.cases["0001"]["remark"] = "arrived"
	if sum, err = s.run("letters"); err != nil || sum.Released != 1 {
		t.Fatalf("%v: released %d", err, sum.Released)
	}
	sum, err = s.run("letters")
	mustDone(t, sum, err)
	if len(s.west.letters) != 3 {
		t.Errorf("%d letters for 3 cases", len(s.west.letters))
	}
}

// What never left may be sent again by itself.
func TestUnsentIsSentByTheNextRun(t *testing.T) {
	s := newStage(t, newCabinet(2, wantsLetter), newCabinet(0, plainCase))
	s.west.writeFault = func(engine.Change) *engine.Outcome {
		return &engine.Outcome{State: engine.Unsent, Fault: &engine.Fault{Kind: engine.Transient, Op: "send"}}
	}
	sum, _ := s.run("letters")
	if sum.Undelivered != 2 || !s.cursor("letters").Mark.IsZero() {
		t.Fatalf("%+v, cursor %v", sum, s.cursor("letters").Mark)
	}
	s.west.writeFault = nil
	sum, err := s.run("letters")
	mustDone(t, sum, err)
	if len(s.west.letters) != 2 {
		t.Errorf("%d letters", len(s.west.letters))
	}
}

// A target that answers nothing any more must not fill the parking place.
func TestSystemicFaultStopsEarly(t *testing.T) {
	s := newStage(t, newCabinet(400, wantsLetter), newCabinet(0, plainCase))
	s.west.writeFault = func(engine.Change) *engine.Outcome {
		return &engine.Outcome{State: engine.Unknown, Fault: &engine.Fault{Kind: engine.Transient, Op: "send", Status: 500}}
	}
	sum, err := s.run("letters")
	if err == nil || sum.Parked != 5 {
		t.Errorf("%v: %d parked", err, sum.Parked)
	}
	t.Logf("parked %d of 400 before it stopped", sum.Parked)
}

func TestAuthFaultStopsTheFlow(t *testing.T) {
	s := newStage(t, newCabinet(400, wantsLetter), newCabinet(0, plainCase))
	s.west.writeFault = func(engine.Change) *engine.Outcome {
		return &engine.Outcome{State: engine.Unsent, Fault: &engine.Fault{Kind: engine.Auth, Op: "send", Status: 401}}
	}
	sum, err := s.run("letters")
	if engine.KindOf(err) != engine.Auth || sum.State != reconcile.EndedStopped {
		t.Errorf("ended %s: %v", sum.State, err)
	}
}

func TestLimitsHoldBeforeTheWaveIsWritten(t *testing.T) {
	s := newStage(t, newCabinet(60, wantsLetter), newCabinet(0, plainCase))
	sum, err := s.run("letters", func(j *reconcile.Job) { j.Limits.Sends = 59 })
	if err == nil || sum.State != reconcile.EndedHeld || len(s.west.letters) != 0 {
		t.Fatalf("ended %s, %v, %d letters", sum.State, err, len(s.west.letters))
	}
	// It stays held, whatever the limits are now, until a person releases its plan.
	sum, err = s.run("letters", func(j *reconcile.Job) { j.Limits.Sends = 60 })
	if err == nil || sum.State != reconcile.EndedHeld || len(s.west.letters) != 0 {
		t.Fatalf("ended %s, %v, %d letters", sum.State, err, len(s.west.letters))
	}
	sum, err = s.run("letters", func(j *reconcile.Job) { j.Released = true })
	mustDone(t, sum, err)
	sum, err = s.run("letters", func(j *reconcile.Job) { j.Limits.Sends = 0 })
	mustDone(t, sum, err)
	if len(s.west.letters) != 60 {
		t.Errorf("%d letters", len(s.west.letters))
	}
}

// A limit bounds what leaves without a person, not what leaves in an hour.
func TestHeldFlowDoesNotGoOnHourByHour(t *testing.T) {
	s := newStage(t, newCabinet(1500, wantsLetter), newCabinet(0, plainCase))
	for range 3 {
		if sum, err := s.run("letters", func(j *reconcile.Job) { j.Limits.Sends = 600 }); err == nil || sum.State != reconcile.EndedHeld {
			t.Fatalf("ended %s: %v", sum.State, err)
		}
	}
	if n := len(s.west.letters); n > 600 {
		t.Errorf("%d letters left under a limit of 600", n)
	}
}

// Records that share a value are handled one after another, so the second sees what the first did.
func TestSharersAreNeverHandledAtOnce(t *testing.T) {
	east := newCabinet(40, func(int) map[string]any { return map[string]any{"family": "F1", "number": "N-same"} })
	s := newStage(t, east, newCabinet(0, plainCase))
	sum, err := s.run("copy")
	mustDone(t, sum, err)
	if sum.Created != 1 || len(s.west.cases) != 1 || s.west.clashed {
		t.Errorf("created %d, clashed %v", sum.Created, s.west.clashed)
	}
}

// The plan's hash does not depend on the order of reading, but on every value.
func TestPlanHash(t *testing.T) {
	hash := func(change func(c *cabinet)) string {
		east := newCabinet(20, plainCase)
		change(east)
		s := newStage(t, east, newCabinet(0, plainCase))
		sum, err := s.plan("copy")
		if err != nil {
			t.Fatal(err)
		}
		return sum.Hash
	}
	same := hash(func(*cabinet) {})
	turned := hash(func(c *cabinet) { c.order[3], c.order[9] = c.order[9], c.order[3] })
	other := hash(func(c *cabinet) { c.cases["0003"]["name"] = "Somebody else" })
	if same == "" || same != turned || same == other {
		t.Errorf("hashes: %q, turned %q, other %q", same, turned, other)
	}
}

func TestFlowWithoutStartRefusesToSend(t *testing.T) {
	s := newStage(t, newCabinet(1, wantsLetter), newCabinet(0, plainCase))
	s.program.Flow("letters").Spec().Source.Start.Text = ""
	_, err := s.run("letters")
	var fault *engine.Fault
	if !errors.As(err, &fault) || !strings.Contains(fault.Next, "adopt") || len(s.west.letters) != 0 {
		t.Errorf("got %v", err)
	}
}

func TestStopFinishesTheWaveInHand(t *testing.T) {
	s := newStage(t, newCabinet(600, wantsLetter), newCabinet(0, plainCase))
	ctx, cancel := context.WithCancel(context.Background())
	s.west.afterWrite = func(engine.Change) *engine.Outcome {
		cancel()
		return nil
	}
	st, err := store.Open(context.Background(), s.options())
	if err != nil {
		t.Fatal(err)
	}
	sum, err := reconcile.Run(ctx, s.job("letters", st), map[string]engine.Writer{"west": s.west})
	if err == nil || sum.Sent != len(s.west.letters) || sum.Parked != 0 {
		t.Errorf("%v: counted %d sent, %d letters arrived, %d parked", err, sum.Sent, len(s.west.letters), sum.Parked)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	s.west.afterWrite = nil
	after, err := s.run("letters")
	mustDone(t, after, err)
	if len(s.west.letters) != 600 {
		t.Errorf("%d letters for 600 cases", len(s.west.letters))
	}
}
