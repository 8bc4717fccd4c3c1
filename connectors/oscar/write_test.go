package oscar

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/casebridge/casebridge/engine"
	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

const soundReferral = `{"organization_name":"cif","external_id":"case-1","external_id_display":"1234567","given_name":"` + marker + `","family_name":"B",
"gender":"female","date_of_birth":"2016-01-01","level_of_risk":"no action","external_case_worker_name":"worker","external_case_worker_mobile":"000000000",
"external_case_worker_id":"","is_referred":true,"location_current_village_code":"01070101","services":[{"uuid":"u-1","name":"Trauma counselling"}]}`

// referralChange is a sound referral with some fields set otherwise; nil removes one.
func referralChange(edit map[string]any) engine.Change {
	raw := []byte(soundReferral)
	for path, value := range edit {
		if value == nil {
			raw, _ = sjson.DeleteBytes(raw, path)
		} else {
			raw, _ = sjson.SetBytes(raw, path, value)
		}
	}
	return engine.Change{Object: "east.referral", Record: "case case-1", Verdict: engine.Send, Document: engine.NewBody(raw)}
}

func decisionChange(raw string) engine.Change {
	if raw == "" {
		raw = `{"client_global_id":"01ARZ","referral_id":704,"referral_status":"Accepted"}`
	}
	return engine.Change{Object: "east.decision", Record: "case case-1", Verdict: engine.Send, Document: engine.NewBody([]byte(raw))}
}

func linkChange(globalID string) engine.Change {
	raw := `{"global_id":"` + globalID + `","external_id":"case-` + globalID + `","external_id_display":"` + marker + `"}`
	return engine.Change{Object: "east.link", Record: "case " + globalID, Verdict: engine.Send, Document: engine.NewBody([]byte(raw))}
}

func write(t *testing.T, c *connection, changes ...engine.Change) []engine.Outcome {
	t.Helper()
	out := c.Writer().Write(context.Background(), changes)
	if len(out) != len(changes) {
		t.Fatalf("%d outcomes for %d changes", len(out), len(changes))
	}
	for _, o := range out {
		if o.Fault != nil {
			quiet(t, o.Fault)
		}
		if (o.Fault == nil) != (o.State == engine.Done) {
			t.Errorf("%s with fault %v", o.State, o.Fault)
		}
	}
	return out
}

const recordFound = `{"external_id":"case-1","message":"Record was found.","errors":{"global_id":"global_id must exist.","referral_status":"x"}}`

func TestWhatBecomesOfAReferral(t *testing.T) {
	known := map[string]any{"global_id": "01ARZ"}
	for name, c := range map[string]struct {
		edit   map[string]any
		answer http.HandlerFunc
		state  engine.State
		kind   engine.FaultKind
		fields []string
		next   string
	}{
		"saved":                     {nil, text(200, `{"external_id":"case-1","message":"កត់ត្រា"}`), engine.Done, "", nil, ""},
		"saved, another case":       {nil, text(200, `{"external_id":"case-2","message":"Record saved."}`), engine.Unknown, engine.Transient, nil, nextParked},
		"saved, message an object":  {nil, text(200, `{"external_id":"case-1","message":{}}`), engine.Unknown, engine.Transient, nil, nextParked},
		"empty 200":                 {nil, text(200, ""), engine.Unknown, engine.Transient, nil, nextParked},
		"html 200":                  {nil, text(200, "<html>"+marker), engine.Unknown, engine.Transient, nil, nextParked},
		"json of something else":    {nil, text(200, `{"data":"`+marker+`"}`), engine.Unknown, engine.Transient, nil, nextParked},
		"no content":                {nil, text(204, ""), engine.Unknown, engine.Transient, nil, nextParked},
		"created elsewhere":         {nil, text(201, `{"external_id":"case-1","message":"x"}`), engine.Unknown, engine.Transient, nil, nextParked},
		"server error":              {nil, text(500, marker), engine.Unknown, engine.Transient, nil, nextParked},
		"gateway timeout":           {nil, text(504, "<html>"), engine.Unknown, engine.Transient, nil, nextParked},
		"unavailable":               {nil, text(503, `{"message":"x"}`), engine.Unknown, engine.Transient, nil, nextParked},
		"not found page":            {nil, text(404, "<html>"), engine.Unknown, engine.Rejected, nil, nextParked},
		"request timeout":           {nil, text(408, ""), engine.Unknown, engine.Transient, nil, nextParked},
		"cut off":                   {nil, cutOff(`{"external_id":"case-1","message":"Record saved."}`), engine.Unknown, engine.Transient, nil, nextParked},
		"reset":                     {nil, reset, engine.Unknown, engine.Transient, nil, nextParked},
		"no answer":                 {nil, silent, engine.Unknown, engine.Transient, nil, nextParked},
		"told to wait":              {nil, text(429, ""), engine.Unsent, engine.Rate, nil, ""},
		"malformed":                 {nil, text(400, ""), engine.Refused, engine.Rejected, nil, ""},
		"stopped on the way":        {nil, text(403, "<html>"), engine.Refused, engine.Auth, nil, ""},
		"refused fields":            {nil, text(422, `{"external_id":"case-1","message":{"services":["`+marker+`"],"level_of_risk":["x","y"]}}`), engine.Refused, engine.Rejected, []string{"level_of_risk", "services"}, nextRefused},
		"refused, odd field name":   {nil, text(422, `{"message":{"`+marker+`":["x"],"services":["x"]}}`), engine.Refused, engine.Rejected, []string{"services"}, nextRefused},
		"refused, no global_id":     {nil, text(422, `{"message":{"gender":["x"]}}`), engine.Refused, engine.Rejected, []string{"gender"}, nextRefused},
		"already taken up":          {nil, text(422, recordFound), engine.Refused, engine.Rejected, nil, nextTakenUp},
		"already taken up, with id": {known, text(422, `{"external_id":"case-1","message":"x","errors":{}}`), engine.Refused, engine.Rejected, nil, nextTakenUp},
		"record error":              {nil, text(422, `{"message":"Record error."}`), engine.Refused, engine.Rejected, nil, ""},
		"422 of somebody else":      {nil, text(422, "<html>"), engine.Unknown, engine.Rejected, nil, nextParked},
		"422 without a message":     {nil, text(422, `{"errors":["x"]}`), engine.Unknown, engine.Rejected, nil, nextParked},
		"referral refused, with id": {known, text(422, `{"message":{"services":["x"],"referral_phone":["y"]}}`), engine.Refused, engine.Rejected, []string{"referral_phone", "services"}, nextRefused},
		"client refused after it":   {known, text(422, `{"message":{"received_by_id":["x"]}}`), engine.Unknown, engine.Rejected, []string{"received_by_id"}, nextHalf},
		"client refused, nameless":  {known, text(422, `{"message":{}}`), engine.Unknown, engine.Rejected, nil, nextHalf},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{answer: c.answer}
			settings := map[string]string{"retries": "2"}
			if name == "no answer" {
				settings["timeout"] = "1s"
			}
			out := write(t, opened(t, f, settings), referralChange(c.edit))[0]
			if out.State != c.state {
				t.Fatalf("got %s: %v", out.State, out.Fault)
			}
			if got := f.calls.Load(); got != 1 {
				t.Errorf("sent %d times", got)
			}
			if out.Fault == nil {
				return
			}
			if out.Fault.Kind != c.kind || !cmp.Equal(out.Fault.Fields, c.fields) || c.next != "" && out.Fault.Next != c.next {
				t.Errorf("got %v", out.Fault)
			}
			if out.Fault.Op != referralOp || out.Fault.Ref != "case case-1" {
				t.Errorf("does not say what it was about: %v", out.Fault)
			}
		})
	}
}

// reset breaks the connection after the request was read.
func reset(w http.ResponseWriter, _ *http.Request) {
	conn, _, _ := w.(http.Hijacker).Hijack()
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

// silent never answers.
func silent(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func TestReferralAsItGoesOut(t *testing.T) {
	f := &fake{answer: func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.URL.Path != upsertPath || gjson.GetBytes(raw, "organization").Raw != soundReferral {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		reply(w, 200, `{"external_id":"case-1","message":"Record saved."}`)
	}}
	if out := write(t, opened(t, f, nil), referralChange(nil)); out[0].State != engine.Done {
		t.Error(out[0].Fault)
	}
}

func TestReferralIsSentAgainUnderANewToken(t *testing.T) {
	f := &fake{answer: func(w http.ResponseWriter, _ *http.Request) {
		reply(w, 200, `{"external_id":"case-1","message":"Record saved."}`)
	}}
	c := opened(t, f, nil)
	write(t, c, referralChange(nil))
	f.forget()
	if out := write(t, c, referralChange(nil)); out[0].State != engine.Done || f.calls.Load() != 2 || f.signIns.Load() != 2 {
		t.Errorf("%s after %d calls, %d sign-ins", out[0].State, f.calls.Load(), f.signIns.Load())
	}
}

func TestReferralThatCannotLeaveIsUnsent(t *testing.T) {
	f := &fake{answer: func(w http.ResponseWriter, _ *http.Request) {
		reply(w, 200, `{"external_id":"case-1","message":"Record saved."}`)
	}}
	server := httptest.NewServer(f)
	c := connectedTo(t, server.URL, nil, nil)
	write(t, c, referralChange(nil)) // the token is there
	server.Close()
	_ = c.Close() // an idle connection may learn only with the request that nobody is there: that is unknown
	if out := write(t, c, referralChange(nil)); out[0].State != engine.Unsent || out[0].Fault.Kind != engine.Transient {
		t.Errorf("nobody there: %s %v", out[0].State, out[0].Fault)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if out := c.Writer().Write(ctx, []engine.Change{referralChange(nil)}); out[0].State != engine.Unsent || out[0].Fault.Kind != engine.Cancelled {
		t.Errorf("told to stop before: %s %v", out[0].State, out[0].Fault)
	}
}

func TestStoppingAfterItLeftIsUnknown(t *testing.T) {
	got := make(chan struct{})
	f := &fake{answer: func(w http.ResponseWriter, r *http.Request) {
		close(got)
		silent(w, r)
	}}
	c := opened(t, f, nil)
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		<-got
		stop()
	}()
	out := c.Writer().Write(ctx, []engine.Change{referralChange(nil)})
	if out[0].State != engine.Unknown || out[0].Fault.Kind != engine.Cancelled {
		t.Errorf("%s %v", out[0].State, out[0].Fault)
	}
}

func TestDocumentThatIsNoObjectIsRefused(t *testing.T) {
	c := opened(t, &fake{}, nil)
	for _, object := range []string{"referral", "decision", "link"} {
		for _, raw := range []string{"", "[]", `"` + marker + `"`, `{"a":`} {
			out := write(t, c, engine.Change{Object: "east." + object, Document: engine.NewBody([]byte(raw))})
			if out[0].State != engine.Refused {
				t.Errorf("%s %q: %s", object, raw, out[0].State)
			}
		}
	}
	if out := write(t, c, engine.Change{Object: "east.client", Document: engine.NewBody([]byte("{}"))}); out[0].State != engine.Unsent {
		t.Errorf("client: %s", out[0].State)
	}
	if out := c.Writer().Write(context.Background(), nil); len(out) != 0 {
		t.Errorf("nothing: %v", out)
	}
}

func TestWhatBecomesOfADecision(t *testing.T) {
	for name, c := range map[string]struct {
		document string
		answer   http.HandlerFunc
		state    engine.State
		calls    int32
	}{
		"saved":        {"", text(200, `{"message":"x"}`), engine.Done, 1},
		"second time":  {"", firstly(text(502, ""), text(200, `{"message":"x"}`)), engine.Done, 2},
		"after reset":  {"", firstly(reset, text(200, `{"message":"x"}`)), engine.Done, 2},
		"refused":      {"", text(422, `{"error":"`+marker+`","message":"Record error."}`), engine.Refused, 1},
		"fails always": {"", text(500, marker), engine.Unknown, 2},
		"empty 200":    {"", text(200, ""), engine.Unknown, 2},
		"other json":   {"", text(200, `{"data":[]}`), engine.Unknown, 1},
		"no child":     {`{"referral_id":704,"referral_status":"Accepted"}`, nil, engine.Refused, 0},
		"no referral":  {`{"client_global_id":"01A","referral_status":"Accepted"}`, nil, engine.Refused, 0},
		"text for id":  {`{"client_global_id":"01A","referral_id":"704","referral_status":"Accepted"}`, nil, engine.Refused, 0},
		"half an id":   {`{"client_global_id":"01A","referral_id":7.5,"referral_status":"Accepted"}`, nil, engine.Refused, 0},
		"other status": {`{"client_global_id":"01A","referral_id":704,"referral_status":"accepted"}`, nil, engine.Refused, 0},
		"active":       {`{"client_global_id":"01A","referral_id":704,"referral_status":"Active"}`, text(200, `{"message":"x"}`), engine.Done, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{answer: c.answer}
			out := write(t, opened(t, f, map[string]string{"retries": "1"}), decisionChange(c.document))[0]
			if out.State != c.state || f.calls.Load() != c.calls {
				t.Errorf("%s after %d calls: %v", out.State, f.calls.Load(), out.Fault)
			}
		})
	}
}

// firstly answers the first request with one handler and all others with the other.
func firstly(first, others http.HandlerFunc) http.HandlerFunc {
	var asked atomic.Bool
	return func(w http.ResponseWriter, r *http.Request) {
		if !asked.Swap(true) {
			first(w, r)
			return
		}
		others(w, r)
	}
}

func TestDecisionsGoOutOneByOne(t *testing.T) {
	f := &fake{answer: func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPut || r.URL.Path != decisionsPath || gjson.GetBytes(raw, "data.#").Int() != 1 {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		if gjson.GetBytes(raw, "data.0.referral_id").Int() == 13 {
			reply(w, 422, `{"error":"x","message":"x"}`)
			return
		}
		reply(w, 200, `{"message":"Record saved."}`)
	}}
	bad := decisionChange(`{"client_global_id":"01A","referral_id":13,"referral_status":"Exited"}`)
	out := write(t, opened(t, f, nil), decisionChange(""), bad, decisionChange(""))
	if out[0].State != engine.Done || out[1].State != engine.Refused || out[2].State != engine.Done {
		t.Errorf("%s %s %s", out[0].State, out[1].State, out[2].State)
	}
}

// An organization that OSCaR does not have is found out before anything is sent: its 500 could not be told from a send that arrived.
func TestReferralToAnOrganizationThatIsNotThere(t *testing.T) {
	f := &fake{answer: text(200, `{"external_id":"case-1","message":"Record saved."}`)}
	c := opened(t, f, nil)
	for range 2 {
		out := write(t, c, referralChange(map[string]any{"organization_name": "gone"}))[0]
		if out.State != engine.Refused || out.Fault.Kind != engine.Rejected || !cmp.Equal(out.Fault.Fields, []string{"organization_name"}) {
			t.Errorf("%s %v", out.State, out.Fault)
		}
	}
	if out := write(t, c, referralChange(nil))[0]; out.State != engine.Done {
		t.Errorf("%s %v", out.State, out.Fault)
	}
	if f.calls.Load() != 1 || f.indexed.Load() != 1 {
		t.Errorf("%d referrals sent, the index read %d times", f.calls.Load(), f.indexed.Load())
	}
}

// An index that cannot be read holds a referral back; it is not lost, and it is not parked.
func TestReferralWhenTheIndexCannotBeRead(t *testing.T) {
	for name, index := range map[string]string{"page": "<html>" + marker, "another system's": `{"page":"` + marker + `"}`} {
		f := &fake{answer: text(200, `{"external_id":"case-1","message":"Record saved."}`), index: index}
		if out := write(t, opened(t, f, nil), referralChange(nil))[0]; out.State != engine.Unsent || f.calls.Load() != 0 {
			t.Errorf("%s: %s %v", name, out.State, out.Fault)
		}
	}
}
