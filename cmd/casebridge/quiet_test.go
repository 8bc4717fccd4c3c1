package main

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

// TestQuietHours: after a busy hour, in which people of both systems also edited the same fields, four hours in which
// nobody works write nothing to either system. What was written does not come back, and what people kept stays.
func TestQuietHours(t *testing.T) {
	project, dir := cambodia(t), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, stop := newStorm(t, project, dir, 20*time.Millisecond)
		defer stop()
		q := &quiet{people: newPeople(s, 7, 12, 0)}
		q.enterAll()
		for range 3 { // until every child has its case, and its case its number
			q.run()
			q.pass(time.Hour)
		}
		q.checkLink("follows", "M-follows")
		q.busyHour()
		before := q.writes()
		q.run()
		q.pass(30 * time.Minute)
		q.run() // once more: OSCaR lists the programmes of an NGO's own child only when it knows its case
		if q.writes() == before {
			t.Error("the busy hour wrote nothing; it was to be busy")
		}
		for hour := range 4 {
			q.pass(time.Hour)
			primero, oscar := q.primero.Writes().Total, q.oscar.Writes()
			text := q.run()
			if p, o := q.primero.Writes().Total-primero, q.oscar.Writes()-oscar; p+o > 0 {
				t.Errorf("quiet hour %d: %d writes to Primero, %d to OSCaR\n%s", hour+1, p, o, text)
			}
		}
		q.checkNumbers()
	})
}

// quiet are the people of a world, and children of an NGO whose number both sides edit.
type quiet struct {
	*people
	ngo   string
	slugs map[string]string
}

// enterAll lets the NGO enter its children, each with a number and a request.
func (q *quiet) enterAll() {
	q.ngo, q.slugs = q.ngos[0], map[string]string{}
	for i, name := range []string{"follows", "kept", "contested"} {
		form := ngoChild(60+i, "02")
		form.GivenName, form.MosvyNumber = name, "M-"+name
		slug, err := q.oscar.AddClient(q.ngo, form)
		if err == nil {
			_, err = q.oscar.ReferToGovernment(q.ngo, slug, []string{"School support"}, "Asks for "+name)
		}
		if err != nil {
			q.t.Fatal(err)
		}
		q.slugs[name] = slug
	}
	q.mustAct()
}

// run is one run of all flows.
func (q *quiet) run() string {
	q.t.Helper()
	code, text := q.casebridge(context.Background(), "", reconcile.Window{})
	if code != exitDone && code != exitPartial {
		q.t.Fatalf("exit code %d\n%s", code, text)
	}
	return text
}

func (q *quiet) mustAct() {
	q.t.Helper()
	if _, err := q.act(); err != nil {
		q.t.Fatal(err)
	}
}

// played is the child's case, which casebridge made, and the number that stands in it.
func (q *quiet) played(name string) (caseID, number string) {
	q.t.Helper()
	client, err := q.oscar.Client(q.ngo, q.slugs[name])
	if err != nil {
		q.t.Fatal(err)
	}
	var fields struct {
		ID     string `json:"id"`
		Number string `json:"mosvy_number"`
	}
	if err := json.Unmarshal(q.primero.CaseBy("oscar_number", client.GlobalID), &fields); err != nil {
		q.t.Fatalf("Primero has no case of the child %s: %v", name, err)
	}
	return fields.ID, fields.Number
}

// busyHour: the people of the scripts work, and the number of each edited child changes on one side or on both.
func (q *quiet) busyHour() {
	q.t.Helper()
	q.mustAct()
	for name, sides := range map[string][2]bool{"follows": {true, false}, "kept": {false, true}, "contested": {true, true}} {
		caseID, _ := q.played(name)
		err := q.oscar.EditClient(q.ngo, q.slugs[name], func(c *oscarsim.Child) {
			if sides[0] {
				c.MosvyNumber = "M-new-" + name
			}
		})
		if err == nil && sides[1] {
			err = q.primero.EditCase(caseID, map[string]any{"mosvy_number": "M-own-" + name})
		}
		if err != nil {
			q.t.Fatal(err)
		}
	}
}

// checkNumbers: what only the NGO changed has arrived, what Primero's people changed is theirs.
func (q *quiet) checkNumbers() {
	q.t.Helper()
	for name, want := range map[string]string{"follows": "M-new-follows", "kept": "M-own-kept", "contested": "M-own-contested"} {
		if _, got := q.played(name); got != want {
			q.t.Errorf("the child %s has the number %s in Primero, want %s", name, got, want)
		}
	}
	q.checkLink("follows", "M-new-follows")
	q.checkLink("kept", "M-kept")
	q.checkLink("contested", "M-contested")
}

// checkLink: the store knows what number both sides last had, by its digest.
func (q *quiet) checkLink(name, number string) {
	q.t.Helper()
	caseID, _ := q.played(name)
	at := store.Linked{Target: caseID}
	st := q.open(context.Background())
	defer closeQuietly(st)
	found, err := st.LinksMany(context.Background(), "primero.case", []store.Linked{at})
	if err != nil {
		q.t.Fatal(err)
	}
	raw, _ := json.Marshal(number) // a string always marshals
	normal := mapping.Normal(&engine.Field{Type: engine.Text}, engine.NewBody(raw))
	want := store.Digest{Field: "mosvy_number", Digest: st.LinkDigest("primero.case", at, "mosvy_number", normal.Raw())}
	if len(found[0]) != 1 || found[0][0] != want {
		q.t.Errorf("the store does not know %s as what both sides of the child %s last had", number, name)
	}
}
