package oscar

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/tidwall/gjson"
)

// maxWorkerID is the largest number that OSCaR's column holds; a larger one is a 500 (§4.1).
const maxWorkerID = 1<<31 - 1

var (
	risks    = []string{"high", "medium", "low", "no action"}                                      // §4.6
	genders  = []string{"female", "male", "lgbt", "unknown", "prefer_not_to_say", "other"}         // §7
	statuses = []string{"Accepted", "Active", "Exited", "Referred"}                                // §5.2
	schemas  = []string{"public", "shared"}                                                        // §4.2: real, but no NGO's
	codes    = []string{"location_current_village_code", "address_current_village_code"}           // a number is a 500
	workers  = []string{"external_case_worker_name", "external_case_worker_mobile", "external_id"} // must not be blank
)

var errGuard = errors.New("not sent: OSCaR would refuse it or do something else with it")

// document reads the fields of what is to be sent, without copying it.
type document struct{ raw []byte }

func (d document) field(name string) gjson.Result { return gjson.GetBytes(d.raw, name) }

func (d document) text(name string) string { return strings.TrimSpace(d.field(name).String()) }

func (d document) isObject() bool {
	return gjson.ValidBytes(d.raw) && gjson.ParseBytes(d.raw).IsObject()
}

// oneOf says whether the field is exactly one of the values: OSCaR compares case and blanks too.
func (d document) oneOf(name string, values []string) bool {
	f := d.field(name)
	return f.Type == gjson.String && slices.Contains(values, f.Str)
}

// guardReferral names the fields for which OSCaR would refuse the referral, fail on
// it or harm a record (§4, §12.3). It refuses nothing else that OSCaR takes.
func guardReferral(d document) []string {
	var bad []string
	complain := func(ok bool, name string) {
		if !ok {
			bad = append(bad, name)
		}
	}
	org := d.field("organization_name")
	complain(org.Type == gjson.String && isTenant(org.Str), "organization_name")
	for _, name := range workers {
		complain(d.text(name) != "", name)
	}
	complain(d.text("given_name") != "" || d.text("family_name") != "", "given_name")
	complain(d.oneOf("level_of_risk", risks), "level_of_risk")
	complain(d.oneService(), "services")
	complain(isWorkerID(d.text("external_case_worker_id")), "external_case_worker_id")
	for _, name := range codes {
		kind := d.field(name).Type
		complain(kind == gjson.String || kind == gjson.Null, name)
	}
	if d.text("global_id") != "" {
		// Only now is there a client that is overwritten. OSCaR lists no client who lacks one of these (§6.1), and
		// takes a date that it cannot read for none (§4.1): the child would be gone from every later list.
		complain(d.text("given_name") != "" || d.text("family_name") == "", "given_name") // without both it is named above
		complain(d.text("family_name") != "", "family_name")
		complain(isDate(d.text("date_of_birth")), "date_of_birth")
		// There is also a gender that is checked, and an earlier referral to change.
		complain(d.oneOf("gender", genders), "gender")
		complain(!d.field("referral_status").Exists(), "referral_status")
		// Without it OSCaR overwrites the client and makes no referral.
		kind := d.field("is_referred").Type
		complain(kind != gjson.Null && kind != gjson.False, "is_referred")
	}
	return bad
}

// isDate says whether text is a day, YYYY-MM-DD. Years with a digit too many occur in OSCaR, which reads them too.
func isDate(text string) bool {
	year, day, _ := strings.Cut(text, "-")
	if n, err := strconv.Atoi(year); err != nil || n <= 0 || len(year) < 4 || len(year) > 5 {
		return false
	}
	_, err := time.Parse(time.DateOnly, year[len(year)-4:]+"-"+day)
	return err == nil
}

// isTenant says whether name can be the short name of an NGO.
func isTenant(name string) bool {
	return name != "" && name == strings.ToLower(strings.TrimSpace(name)) && !slices.Contains(schemas, name)
}

func isWorkerID(text string) bool {
	if text == "" {
		return true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && n >= 0 && n <= maxWorkerID
}

// oneService says whether there is exactly one service, and it has a name.
func (d document) oneService() bool {
	services := d.field("services")
	if !services.IsArray() {
		return false
	}
	items := services.Array()
	return len(items) == 1 && strings.TrimSpace(items[0].Get("name").String()) != ""
}

// guardDecision names the fields of a status that OSCaR cannot take (§5.2).
func guardDecision(d document) []string {
	var bad []string
	if d.text("client_global_id") == "" {
		bad = append(bad, "client_global_id")
	}
	if id := d.field("referral_id"); id.Type != gjson.Number || id.Num != float64(id.Int()) || id.Int() <= 0 {
		bad = append(bad, "referral_id")
	}
	if !d.oneOf("referral_status", statuses) {
		bad = append(bad, "referral_status")
	}
	return bad
}

// guardLink names the fields without which OSCaR would clear a client's case (§5.1).
func guardLink(d document) []string {
	var bad []string
	for _, name := range []string{"global_id", "external_id"} {
		if d.text(name) == "" {
			bad = append(bad, name)
		}
	}
	return bad
}

// refusedHere is the outcome of a document that a guard stopped.
func refusedHere(op, ref string, fields []string) engine.Outcome {
	return engine.Outcome{State: engine.Refused, Fault: &engine.Fault{
		Kind: engine.Rejected, Op: op, Ref: ref, Fields: fields, Err: errGuard,
		Next: "Correct these fields in the source or in the mapping, then retry.",
	}}
}
