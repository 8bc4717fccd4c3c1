package oscar

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/casebridge/casebridge/engine"
	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

// linksExcept answers like OSCaR, and with status and body when one of the children is in the batch.
func linksExcept(t *testing.T, status int, body string, traps ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPut || r.URL.Path != linksPath {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		if gjson.GetBytes(raw, "data.#").Int() == 0 {
			t.Error("an empty batch")
		}
		for _, trap := range traps {
			if strings.Contains(string(raw), `"global_id":"`+trap+`"`) {
				text(status, body)(w, r)
				return
			}
		}
		reply(w, 200, `{"message":"Record saved."}`)
	}
}

func links(n int) []engine.Change {
	changes := make([]engine.Change, n)
	for i := range changes {
		changes[i] = linkChange(fmt.Sprintf("01A%03d", i))
	}
	return changes
}

func TestOneBadLinkDoesNotFailTheOthers(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		traps  []string
	}{
		"id has changed":  {500, marker, []string{"01A037"}},
		"NGO is gone":     {200, "", []string{"01A000"}},
		"another answer":  {200, `{"data":[]}`, []string{"01A099"}},
		"NGO is gone too": {404, "<html>", []string{"01A099"}},
		"three of them":   {500, marker, []string{"01A001", "01A050", "01A051"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{answer: linksExcept(t, c.status, c.body, c.traps...)}
			out := write(t, opened(t, f, map[string]string{"retries": "1"}), links(100)...)
			var failed []string
			for i, o := range out {
				if o.State != engine.Done {
					failed = append(failed, fmt.Sprintf("01A%03d", i))
					if o.Fault.Ref != "case "+failed[len(failed)-1] {
						t.Errorf("fault is about %q", o.Fault.Ref)
					}
				}
			}
			if !cmp.Equal(failed, c.traps) {
				t.Errorf("failed: %v", failed)
			}
			if most := int32(2 + 2*7*len(c.traps)); f.calls.Load() > most {
				t.Errorf("%d calls, want at most %d", f.calls.Load(), most)
			}
		})
	}
}

func TestLinksOfASystemThatIsDownAreNotCutUp(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{"unavailable": text(503, ""), "reset": reset, "forbidden": text(403, "")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{answer: answer}
			out := write(t, opened(t, f, nil), links(5)...)
			for _, o := range out {
				if o.State == engine.Done || o.State == engine.Unsent {
					t.Errorf("got %s", o.State)
				}
			}
			if f.calls.Load() != 1 {
				t.Errorf("%d calls", f.calls.Load())
			}
		})
	}
}

func TestLinksThatWouldClearACaseAreRefused(t *testing.T) {
	f := &fake{answer: linksExcept(t, 0, "")}
	c := opened(t, f, nil)
	blank := engine.Change{Object: "east.link", Document: engine.NewBody([]byte(`{"global_id":"01B","external_id":" "}`))}
	out := write(t, c, blank, linkChange("01A"), blank)
	if out[0].State != engine.Refused || out[1].State != engine.Done || out[2].State != engine.Refused {
		t.Errorf("%s %s %s", out[0].State, out[1].State, out[2].State)
	}
	if !cmp.Equal(out[0].Fault.Fields, []string{"external_id"}) {
		t.Errorf("fields %v", out[0].Fault.Fields)
	}
	before := f.calls.Load()
	if out = write(t, c, blank); out[0].State != engine.Refused || f.calls.Load() != before {
		t.Errorf("%s after %d calls", out[0].State, f.calls.Load()-before)
	}
}

func TestMoreLinksThanABatchAreSentInBatches(t *testing.T) {
	f := &fake{answer: linksExcept(t, 0, "")}
	out := write(t, opened(t, f, nil), links(linkBatch+1)...)
	for _, o := range out {
		if o.State != engine.Done {
			t.Fatal(o.Fault)
		}
	}
	if f.calls.Load() != 2 {
		t.Errorf("%d calls", f.calls.Load())
	}
}

func TestLinksStopWhenToldTo(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	f := &fake{answer: func(w http.ResponseWriter, r *http.Request) {
		stop()
		silent(w, r)
	}}
	out := opened(t, f, nil).Writer().Write(ctx, links(3))
	for _, o := range out {
		if o.State != engine.Unknown || o.Fault.Kind != engine.Cancelled {
			t.Errorf("%s %v", o.State, o.Fault)
		}
	}
}
