package oscar

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
	"github.com/tidwall/gjson"
)

// FuzzDecode: whatever OSCaR answers, a list is either read whole into valid clients,
// each once, or it is a fault and nothing was given out.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"data":[` + referredOut + `,` + shared + `]}`, `{"data":[]}`, `{"data":null}`, `{"x":[{}],"data":[{"slug":"a-1","services":[1,null,{}]}]}`,
		`{"data":[{"services":[{"referral_id":1},{"referral_id":1}],"services":[]}]}`, `[]`, ``, `{"data":[{}]}x`, `{"data":[{"services":{"a":1}}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		list, err := rest.Spool(bytes.NewReader(answer), t.TempDir(), 0)
		if err != nil {
			quiet(t, err)
			return
		}
		defer list.Close()
		c := &connection{name: "east", maxRecord: 1 << 16}
		ctx := context.Background()
		if c.whole(ctx, list) != nil {
			return
		}
		seen := map[string]bool{}
		for record, err := range c.records(ctx, list, "") {
			if err != nil {
				t.Fatalf("seen whole, and yet %v", err)
			}
			if raw := record.Body.Raw(); record.Fault != nil {
				if len(raw) > 0 || engine.KindOf(record.Fault) == "" {
					t.Fatal("an unusable record with a body")
				}
			} else if !gjson.ValidBytes(raw) || raw[0] != '{' {
				t.Fatal("a record that is no object")
			}
			if record.ID != "" && seen[record.ID] {
				t.Fatalf("%q twice", record.ID)
			}
			seen[record.ID] = true
		}
	})
}

// FuzzRefusal: no answer to a referral makes a panic, a fault that quotes it, or a "done" it did not say.
func FuzzRefusal(f *testing.F) {
	for _, seed := range []string{recordFound, `{"message":{"services":["x"]}}`, `{"message":"x"}`, `{"external_id":"case-1","message":"x"}`, `[]`, ``} {
		f.Add(422, []byte(seed))
	}
	change := referralChange(map[string]any{"global_id": "01A"})
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		answer := &rest.Response{Status: status}
		if gjson.ValidBytes(body) {
			answer.Body = body
		}
		out := judgeFailure(document{change.Document.Raw()}, answer, &engine.Fault{Kind: engine.Rejected, Status: status})
		if out.State == engine.Done || out.Fault == nil {
			t.Fatal("a failure that is done")
		}
		for _, name := range out.Fault.Fields {
			if !isFieldName(name) {
				t.Fatalf("the fault quotes %q", name)
			}
		}
	})
}

// FuzzAnswer: no single answer makes a panic, and what is taken for "saved" or for an index has their form.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{`{"message":"Record saved."}`, `{"message":{}}`, `{"organizations":[{"short_name":"cif"},{"short_name":7},null,"x"]}`, `{"organizations":{}}`, `[]`, `"x"`, `{"organizations":[[]],"organizations":[]}`} {
		f.Add([]byte(seed), "1760000000")
	}
	f.Fuzz(func(t *testing.T, body []byte, expiry string) {
		if !gjson.ValidBytes(body) { // the client lets nothing else through
			return
		}
		if saved(&rest.Response{Body: body}) && gjson.GetBytes(body, "message").Type != gjson.String {
			t.Fatal("saved without a message")
		}
		if names, ok := shortNames(body); ok != (names != nil) {
			t.Fatal("names of no index")
		}
		header := http.Header{"Access-Token": {string(body)}, "Client": {"c"}, "Uid": {"U"}, "Expiry": {expiry}}
		if got, err := readToken(&rest.Response{Header: header, Body: body}, testNow); err == nil && !got.expires.After(testNow) {
			t.Fatalf("a token that is over: %s", got.expires)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	rows := `{"data":[` + shared
	for range 999 {
		rows += "," + referredOut
	}
	server := httptest.NewServer(&fake{answer: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, rows+"]}") }})
	defer server.Close()
	conn, err := Driver{}.Open(engine.Opening{Connection: "east", Now: time.Now, TempDir: b.TempDir(), Settings: engine.NewSettings(map[string]string{
		"url": server.URL, "email": "bridge@example.org", "password": testPassword})})
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	b.SetBytes(int64(len(rows)))
	for b.Loop() {
		for _, err := range conn.Reader().Read(context.Background(), engine.Query{Object: "client"}) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// Wherever a client is cut off, what is said to be known of it is true of the whole.
func TestKnownOfEveryBeginning(t *testing.T) {
	text := `{"slug":"b-1","given_name":"A \"B\" {","services":[{"uuid":"u","slug":"no"}],"global_id":"01A\u00e9","organization_id":77,"is_referred":true,"external_id":null,"organization_name":"cif"}`
	all := gjson.Parse(text)
	for n := range len(text) {
		known := row{[]byte(text[:n])}.known(true).Raw()
		if len(known) == 0 {
			continue
		}
		if !gjson.ValidBytes(known) {
			t.Fatalf("after %d bytes it is no JSON: %s", n, known)
		}
		gjson.ParseBytes(known).ForEach(func(name, value gjson.Result) bool {
			if was := all.Get(name.String()); was.Raw != value.Raw {
				t.Errorf("after %d bytes %s is %s, not %s", n, name, value.Raw, was.Raw)
			}
			return true
		})
	}
	if known := string(row{[]byte(text)}.known(false).Raw()); !strings.Contains(known, `"external_id_display":null`) || !strings.Contains(known, `"organization_name":"cif"`) {
		t.Errorf("of the whole client are known %s", known)
	}
}
