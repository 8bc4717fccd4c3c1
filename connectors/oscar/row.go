package oscar

import (
	"bytes"
	"strings"

	"github.com/casebridge/casebridge/connectors/strictjson"
	"github.com/casebridge/casebridge/engine"
	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// row is one client as OSCaR listed it; raw is valid JSON of an object.
type row struct{ raw []byte }

// identity tells clients apart: the slug is unique only within its NGO. A client
// without a slug has no identity ("").
func (r row) identity() string {
	slug := r.text("slug")
	if slug == "" {
		return ""
	}
	return r.text("organization_name") + "/" + slug
}

// isNamed says whether the beginning of a client tells its identity, in full: under half of it, it would not be
// known again when it can be used.
func (r row) isNamed() bool {
	known := r.known(true).Raw()
	return gjson.GetBytes(known, "slug").String() != "" && gjson.GetBytes(known, "organization_name").String() != ""
}

// known is what can be told for certain of a client that cannot be used, as an object of its codes: those that
// stand in it once and are sound, and null for those that it does not have. With cut, raw is only its beginning:
// what comes behind is not known, and a member that ends where it ends may be cut too.
func (r row) known(cut bool) engine.Body {
	values, times := map[string]gjson.Result{}, map[string]int{}
	gjson.ParseBytes(r.raw).ForEach(func(key, value gjson.Result) bool {
		if !cut || value.Index+len(value.Raw) < len(r.raw) {
			values[key.String()] = value
		}
		times[key.String()]++
		return true
	})
	var b bytes.Buffer
	for _, f := range clientFields() {
		value, there := values[f.Name]
		switch {
		case f.Class != engine.Code, f.Type == engine.Rows, times[f.Name] > 1, cut && !there, there && !isSound(value):
			continue
		case !there:
			value.Raw = "null"
		}
		b.WriteString(`,"` + f.Name + `":` + value.Raw)
	}
	if b.Len() == 0 {
		return engine.Body{}
	}
	return engine.NewBody(append(append([]byte("{"), b.Bytes()[1:]...), '}'))
}

// isSound says whether a value of a client that cannot be used is a scalar that everybody reads alike.
func isSound(v gjson.Result) bool {
	raw := []byte(v.Raw)
	return v.Type != gjson.JSON && gjson.ValidBytes(raw) && strictjson.Check(raw) == nil
}

// answers says whether value is one of the ids by which people name a client, or its
// identity, under which a client without a case stands in plans and in quarantine.
func (r row) answers(value string) bool {
	return r.text("external_id") == value || r.text("global_id") == value || r.text("slug") == value || r.identity() == value
}

func (r row) text(name string) string {
	return strings.TrimSpace(gjson.GetBytes(r.raw, name).String())
}

// record is the row with the fields as sent, but every service once. It owns its
// bytes. Stamp is zero: rows carry none (§6.2).
func (r row) record(object string) engine.Record {
	return engine.Record{Object: object, ID: r.identity(), Body: engine.NewBody(r.distinctServices())}
}

// distinctServices drops services that repeat an earlier one: a name that stands
// under two parents gives two equal items (§6.4, §8).
func (r row) distinctServices() []byte {
	services := gjson.GetBytes(r.raw, "services")
	if !services.IsArray() {
		return r.raw
	}
	var kept []string
	seen, count := map[string]bool{}, 0
	services.ForEach(func(_, item gjson.Result) bool {
		count++
		if key := serviceKey(item); !seen[key] {
			seen[key] = true
			kept = append(kept, item.Raw)
		}
		return true
	})
	if len(kept) == count {
		return r.raw
	}
	out, err := sjson.SetRawBytes(r.raw, "services", []byte("["+strings.Join(kept, ",")+"]"))
	if err != nil {
		return r.raw
	}
	return out
}

// serviceKey tells services of one client apart. An enrolment has no referral_id;
// there the programme and its first day tell two enrolments in one service apart.
func serviceKey(item gjson.Result) string {
	names := []string{"referral_id", "uuid", "name"}
	if id := item.Get("referral_id"); !id.Exists() || id.Type == gjson.Null {
		names = append(names, "program_name", "enrollment_date")
	}
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = item.Get(name).Raw
	}
	return strings.Join(parts, "\x00")
}
