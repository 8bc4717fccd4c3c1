package sim

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// posting is one call of upsert: the permitted parameters and the tenant that
// organization_name selects.
type posting struct {
	*System
	call   *call
	params gjson.Result
	tenant *tenant
}

// saved and refused are upsert's two answers; the external id is echoed as sent.
type saved struct {
	ExternalID json.RawMessage `json:"external_id"`
	Message    string          `json:"message"`
}

type refused struct {
	ExternalID json.RawMessage `json:"external_id"`
	Message    any             `json:"message"`
	Errors     any             `json:"errors,omitempty"`
}

// invalid are a model's errors: attribute to texts.
type invalid map[string][]string

func (e invalid) blank(attribute string) {
	e[attribute] = append(e[attribute], "can't be blank")
}

// upsert answers POST clients/upsert: the branches of §4.2.
func (s *System) upsert(c *call) reply {
	params := c.params.Get("organization")
	p := &posting{System: s, call: c, params: params}
	switch {
	case scalar(params).text != "":
		return crash(c.Request)
	case p.blank("organization_name"):
		return data(http.StatusUnprocessableEntity, message{recordError})
	}
	if p.tenant = s.schemas[p.text("organization_name").text]; p.tenant == nil {
		return crash(c.Request)
	}
	id := s.identities[p.text("global_id").text]
	if id == nil {
		return p.findReferral()
	}
	if p.truthy("is_referred") {
		if answer, ok := p.createReferral(id); !ok {
			return answer
		}
	}
	return p.renderClient(id)
}

// scalar is a permitted parameter as a text column takes it: objects, lists and
// null are NULL.
func scalar(v gjson.Result) null {
	switch v.Type {
	case gjson.String:
		return some(v.Str)
	case gjson.Number:
		return some(v.Raw)
	case gjson.True:
		return some("t")
	case gjson.False:
		return some("f")
	}
	return null{}
}

func (p *posting) text(key string) null { return scalar(p.params.Get(key)) }

func (p *posting) blank(key string) bool {
	return p.text(key).blank() || p.params.Get(key).Type == gjson.False
}

// truthy is Ruby's: everything but null and false, an empty list counts as null.
func (p *posting) truthy(key string) bool {
	v := p.params.Get(key)
	return v.Exists() && v.Type != gjson.Null && v.Type != gjson.False && !(v.IsArray() && len(v.Array()) == 0)
}

// echo is the external id as it was sent.
func (p *posting) echo() json.RawMessage {
	if v := p.params.Get("external_id"); scalar(v).set {
		return json.RawMessage(v.Raw)
	}
	return json.RawMessage("null")
}

func (p *posting) ok() reply {
	return data(http.StatusOK, saved{p.echo(), "Record saved."})
}

func (p *posting) refuse(message any) reply {
	return data(http.StatusUnprocessableEntity, refused{ExternalID: p.echo(), Message: message})
}

// findReferral is the branch without a usable global id (§4.3).
// The identity that it mints stays, whatever comes after.
func (p *posting) findReferral() reply {
	r := p.referral()
	if p.blank("global_id") {
		r.globalID = p.mint().ulid
	}
	found := p.tenant.first(r.externalID)
	if found != nil && found.taken() != nil {
		return p.alreadyFound()
	}
	if found != nil {
		r.globalID = found.globalID
	}
	if answer, ok := p.save(r); !ok {
		return answer
	}
	if found == nil && p.identities[r.globalID] == nil {
		return crash(p.call.Request) // the referral stays
	}
	return p.ok()
}

func (p *posting) alreadyFound() reply {
	errors := map[string]string{}
	if p.blank("global_id") {
		errors = map[string]string{"global_id": "global_id must exist.", "referral_status": "referral_status must be present."}
	}
	return data(http.StatusUnprocessableEntity, refused{p.echo(), "Record was found.", errors})
}

// referral are the attributes of a new referral (§4.1).
func (p *posting) referral() *referral {
	r := &referral{
		date: p.today(), from: p.external(), to: p.tenant.org.ShortName, ngo: p.external(),
		clientName: strings.Join(strings.Fields(p.text("given_name").text+" "+p.text("family_name").text), " "),
		reason:     p.text("reason_for_referral").text,
		referee:    p.text("external_case_worker_name").text, phone: p.text("external_case_worker_mobile").text,
		email: p.text("external_case_worker_email"), refereeID: integer(p.text("external_case_worker_id")),
		workerID: p.text("external_case_worker_id"), workerName: p.text("external_case_worker_name"),
		village: p.text("location_current_village_code"), gender: p.text("gender"), birth: parseDate(p.text("date_of_birth")),
		externalID: p.text("external_id"), display: p.text("external_id_display"), mosvy: p.text("mosvy_number"),
		level: p.text("level_of_risk"), globalID: p.text("global_id").text, status: Referred,
	}
	if strings.TrimSpace(r.reason) == "" {
		r.reason = "N/A"
	}
	var names []string
	for _, service := range p.params.Get("services").Array() {
		names = append(names, scalar(service.Get("name")).text)
	}
	r.services = p.tenant.find(names)
	return r
}

// integer is Ruby's to_i: the digits that a text begins with, else 0.
func integer(text null) int64 {
	digits := strings.TrimSpace(text.text)
	if end := strings.IndexFunc(digits, func(c rune) bool { return c < '0' || c > '9' }); end >= 0 {
		digits = digits[:end]
	}
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil || n == math.MaxInt64 {
		return n
	}
	return 0
}

// save validates and inserts a referral; on failure it returns the answer.
func (p *posting) save(r *referral) (reply, bool) {
	if p.tenant.crashes() || r.refereeID > math.MaxInt32 {
		return crash(p.call.Request), false
	}
	if errors := p.tenant.check(r); len(errors) > 0 {
		return p.refuse(errors), false
	}
	if p.switches.HeadCrash {
		return crash(p.call.Request), false
	}
	p.tenant.insert(r, p.stamp())
	return reply{}, true
}

// check are a referral's validations (§4.6). The outgoing ones
// also need a consent file.
func (t *tenant) check(r *referral) invalid {
	errors := invalid{}
	required := map[string]string{
		"client_name": r.clientName, "client_global_id": r.globalID, "date_of_referral": r.date, "referred_from": r.from,
		"referred_to": r.to, "referral_reason": r.reason, "name_of_referee": r.referee, "referral_phone": r.phone, "level_of_risk": r.level.text,
	}
	for attribute, value := range required {
		if strings.TrimSpace(value) == "" {
			errors.blank(attribute)
		}
	}
	if !slices.Contains([]string{"high", "medium", "low", "no action"}, r.level.text) {
		errors["level_of_risk"] = append(errors["level_of_risk"], "is not included in the list")
	}
	if !slices.Contains([]string{Accepted, Active, Exited, Referred}, r.status) {
		errors["referral_status"] = append(errors["referral_status"], "is not included in the list")
	}
	if len(r.services) == 0 {
		errors.blank("services")
	}
	if r.from == t.org.ShortName && len(r.consent) == 0 {
		errors.blank("consent_form")
	}
	return errors
}

// createReferral is the first half of the branch with a known global id: a new
// referral, never linked, if the child has a client in the target
// (§4.4). False means that the answer is final.
func (p *posting) createReferral(id *identity) (reply, bool) {
	c := p.tenant.live(id.ulid)
	if c == nil {
		return reply{}, true
	}
	if c.incomplete && len(c.workers) == 0 {
		return crash(p.call.Request), false // no referee, no receiver, no case worker
	}
	r := p.referral()
	r.slug, r.globalID, r.refereeID = some(c.slug), id.ulid, c.id
	return p.save(r)
}

// renderClient is the second half: the child's client in its FIRST organisation
// is overwritten, whatever organization_name says (§4.5).
func (p *posting) renderClient(id *identity) reply {
	h, ok := id.lowest()
	if !ok {
		return p.findReferral()
	}
	place, ok := p.place()
	if h.client.archived || !ok {
		return crash(p.call.Request)
	}
	if errors := p.overwrite(h, place); len(errors) > 0 {
		return p.refuse(errors)
	}
	if p.switches.HeadCrash && h.client.awaits() != nil {
		return crash(p.call.Request) // after the commit
	}
	if status := p.params.Get("referral_status"); status.Exists() {
		if !slices.Contains([]string{Accepted, Exited, Referred}, scalar(status).text) {
			return p.refuse("Referral status must be one of ['Accepted', 'Exited', 'Referred'].")
		}
		h.mark(scalar(status).text, p.external())
	}
	external, err := json.Marshal(h.client.externalID.pointer())
	if err != nil {
		return crash(p.call.Request)
	}
	return data(http.StatusOK, saved{external, "Record saved."})
}

// mark sets the status of the client's last received and last delivered
// referral, without validation or stamps.
func (h home) mark(status, system string) {
	var received, delivered *referral
	for _, r := range h.client.referrals {
		switch {
		case r.deleted:
		case r.to == h.tenant.org.ShortName:
			received = r
		case r.ngo == system:
			delivered = r
		}
	}
	for _, r := range []*referral{received, delivered} {
		if r != nil {
			r.status = status
		}
	}
}

// overwrite replaces the client's fields: what was not sent becomes null.
func (p *posting) overwrite(h home, place string) invalid {
	next := *h.client
	next.mosvy, next.given, next.family = p.text("mosvy_number"), p.text("given_name"), p.text("family_name")
	next.gender, next.birth = p.text("gender"), parseDate(p.text("date_of_birth"))
	next.workerID, next.workerName = p.text("external_case_worker_id"), p.text("external_case_worker_name")
	next.localGiven, next.localFamily, next.reason, next.information = null{}, null{}, null{}, null{}
	next.address = next.address.moved(place)
	if !p.blank("external_id") {
		next.externalID, next.display, next.synced = p.text("external_id"), p.text("external_id_display"), p.today()
	}
	if errors := next.check(); len(errors) > 0 {
		return errors
	}
	if !next.same(h.client) {
		next.updated = p.stamp()
	}
	*h.client = next
	if !p.switches.HeadCrash {
		h.tenant.follow(h.client, next.updated)
	}
	return nil
}

// place is the code for the client's address: an empty one counts as sent, a
// number crashes.
func (p *posting) place() (string, bool) {
	code := p.params.Get("address_current_village_code")
	if !scalar(code).set {
		code = p.params.Get("location_current_village_code")
	}
	return code.Str, code.Type == gjson.String || !scalar(code).set
}

// check are a client's validations on update.
func (c *client) check() invalid {
	errors := invalid{}
	if c.gender.blank() {
		errors.blank("gender")
	}
	if !slices.Contains([]string{"female", "male", "lgbt", "unknown", "prefer_not_to_say", "other"}, c.gender.text) {
		errors["gender"] = append(errors["gender"], "is not included in the list")
	}
	if c.incomplete {
		errors.blank("initial_referral_date")
		errors.blank("received_by_id")
		errors.blank("referral_source_category_id")
	}
	if len(c.workers) == 0 && c.status != Exited {
		errors.blank("user_ids")
	}
	return errors
}

// same says whether saving would change a column: only then is updated_at bumped.
func (c *client) same(old *client) bool {
	type columns struct {
		mosvy, given, family, gender, birth, id, name, lg, lf, reason, information, external, display null
		address                                                                                       address
		synced                                                                                        string
	}
	of := func(c *client) columns {
		return columns{
			c.mosvy, c.given, c.family, c.gender, c.birth, c.workerID, c.workerName, c.localGiven, c.localFamily,
			c.reason, c.information, c.externalID, c.display, c.address, c.synced,
		}
	}
	return of(c) == of(old)
}

// awaits is the referral that the client was made from, while it is undecided
// and no programme was entered.
func (c *client) awaits() *referral {
	if c.fromReferral == 0 || c.enrolled() {
		return nil
	}
	for _, r := range c.referrals {
		if r.id == c.fromReferral && r.status == Referred && !r.deleted {
			return r
		}
	}
	return nil
}

// follow is what every full save of a client does to that referral: it takes
// the client's status, if it is valid (§6.3).
func (t *tenant) follow(c *client, now time.Time) {
	r := c.awaits()
	if r == nil || c.status == Referred || len(t.check(r)) > 0 {
		return
	}
	r.status, r.updated = c.status, now
}
