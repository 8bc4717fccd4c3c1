package main

import (
	"strings"
	"testing"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
)

// A person who tries what could not be read is not told that it is gone, and what is older than any sweep is found.
func TestRetryOfWhatCannotBeReadAndOfWhatIsOld(t *testing.T) {
	r := newRig(t, t.TempDir())
	child := ngoChild(90, "08")
	child.ExternalID, child.ExternalIDDisplay = "a-case-that-is-not-there", "unknown"
	if _, err := r.oscar.AddClient("sk", child); err != nil {
		t.Fatal(err)
	}
	r.clock.later(40 * 24 * time.Hour)
	r.run(t, 4, "run", "oscar-to-primero")
	r.oscar.FailNext(oscarsim.Lists, oscarsim.HTML502, 99)
	o := r.run(t, 4, "quarantine", "retry", "--all")
	if strings.Contains(o.out, "gone for good") || !strings.Contains(o.out, ": not tried: read clients") {
		t.Errorf("it says:\n%s", o.all())
	}
	r.oscar.Heal()
	o = r.run(t, 4, "quarantine", "retry", "--all")
	if !strings.Contains(o.out, ": still held: Primero has not exactly one case") {
		t.Errorf("it says:\n%s", o.all())
	}
}

// What was looked for everywhere and not found is said to be so, by the list as well.
func TestWordsAboutWhatIsGone(t *testing.T) {
	was := store.QuarantineEntry{ID: 1, Status: store.EntryOpen}
	now := was
	now.Sought = "some version"
	result, reason := resultOf(was, now, reconcile.Summary{}, nil)
	if text := resultText(retriedLine{Result: result, Reason: reason}); !strings.HasSuffix(text, "if it is gone for good, discard the entry") {
		t.Error(text)
	}
	q := &quarantine{c: &compiled{project: &spec.Project{Zone: time.UTC}}}
	if text := q.entryText(now); !strings.HasSuffix(text, "its record was looked for and not found") {
		t.Error(text)
	}
	if text := q.step(now); !strings.HasSuffix(text, "If it is gone for good, discard the entry") {
		t.Error(text)
	}
}
