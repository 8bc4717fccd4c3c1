package primero

import (
	"testing"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/engine"
)

// FuzzDecode: whatever a server answers, decoding and comparing do not panic, and rows are whole.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"data":[{"id":"a","last_updated_at":"2026-01-01T00:00:00.000Z"}],"metadata":{"total":1,"per":20,"page":1}}`,
		`{"data":{"id":1},"metadata":{}}`, `{"data":[1],"metadata":{"total":-1,"per":"x"}}`, `[]`,
		`{"errors":[{"detail":["/age","a b"]},{"detail":"consent"},7]}`,
		`{"services_section":[{"unique_id":"x","_destroy":true},{"a":[{}]}],"n":1e400,"s":"2026-01-01T00:00:00Z"}`,
	} {
		f.Add([]byte(seed), []byte(seed))
	}
	f.Fuzz(func(t *testing.T, body, other []byte) {
		if !gjson.ValidBytes(body) || !gjson.ValidBytes(other) { // the client lets nothing else through
			return
		}
		p, err := decodePage(body)
		for _, r := range p.rows {
			if err == nil && (r.id == "" || r.stamp.IsZero() && string(r.raw) == "" || !gjson.ValidBytes(r.raw)) {
				t.Fatal("a row is not whole")
			}
		}
		for _, name := range refusedFields(body) {
			if !isPointer(name) {
				t.Fatal("a refused field is more than a name")
			}
		}
		document, stored := gjson.ParseBytes(body), gjson.ParseBytes(other)
		missing(document, stored)
		unfit(document, stored)
		if document.IsObject() && !repeats(document) && len(missing(document, document)) > 0 && !destroys(document) {
			t.Fatalf("a document does not show itself: %s", body)
		}
	})
}

// FuzzAnswer: a list of referrals or users, whatever it holds, gives whole records about what was asked for, or a fault.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{`{"data":[{"id":"r","record_id":"c"},{"id":"r","record_id":"c"}]}`, `{"data":[{"id":7,"user_name":"c"}]}`, `{"data":{"id":"r"}}`,
		`{"data":[{"id":"r","record_id":"c","record_id":"d"}]}`, `{"data":[null,[],7]}`, `[]`, `{"data":[{"id":"r","record_id":"c","notes":"\ud800"}]}`} {
		f.Add([]byte(seed))
	}
	r := &reader{api: &api{connection: "west"}}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !gjson.ValidBytes(body) {
			return
		}
		records, err := r.decode(body, "read", "c", func(item gjson.Result) (engine.Record, bool) {
			return engine.Record{Object: "west.referral", ID: item.Get("id").String(), Found: "c"}, item.Get("record_id").String() == "c"
		})
		seen := map[string]bool{}
		for _, rec := range records {
			if err != nil || rec.ID == "" || seen[rec.ID] || rec.Body.Empty() == (rec.Fault == nil) || !rec.Body.Empty() && !gjson.ValidBytes(rec.Body.Raw()) {
				t.Fatalf("a record that is not whole: %v", err)
			}
			seen[rec.ID] = true
		}
	})
}

// repeats says whether a name stands twice in an object, or a key in its rows.
func repeats(v gjson.Result) bool {
	seen, found := map[string]bool{}, false
	v.ForEach(func(k, item gjson.Result) bool {
		if v.IsObject() {
			found = found || seen[k.String()]
			seen[k.String()] = true
		} else if item.IsObject() {
			key := member(item, rowKey).String()
			found = found || seen[key]
			seen[key] = true
		} else if isRows(v) {
			found = true // rows and other things in one list are not Primero's
		}
		found = found || (item.IsObject() || item.IsArray()) && repeats(item)
		return true
	})
	return found
}

func destroys(document gjson.Result) bool {
	found := false
	document.ForEach(func(k, v gjson.Result) bool {
		found = found || k.String() == "_destroy" || (v.IsObject() || v.IsArray()) && destroys(v)
		return true
	})
	return found
}
