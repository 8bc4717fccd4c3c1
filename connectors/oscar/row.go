package oscar

import (
	"strings"

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
