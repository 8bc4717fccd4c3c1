package sim

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// theCase finds the case that a path names: 404 is decided before 403.
func (s *System) theCase(c call, actions ...string) (*record, *answer) {
	id := c.path[0]
	rec := s.records.byID[id]
	if rec == nil {
		a := missing(c.Request, "Child", id)
		return nil, &a
	}
	if !c.user.reaches(rec) || !slices.ContainsFunc(actions, c.user.may) {
		a := forbidden(c.Request)
		return nil, &a
	}
	return rec, nil
}

// showCase is GET /api/v2/cases/:id.
func showCase(s *System, c call) answer {
	rec, refusal := s.theCase(c, "read")
	if refusal != nil {
		return *refusal
	}
	return caseAnswer(rec, s.selected(c.user, parseParams(c.URL.RawQuery)))
}

func caseAnswer(rec *record, names []string) answer {
	return jsonAnswer(http.StatusOK, append(appendItem([]byte(`{"data":`), rec, names), '}'))
}

// submit runs the pipeline of §3.2 on the data of a request.
func (s *System) submit(c call, module string, creating bool) (map[string]any, map[string]*engine.Field, *answer) {
	fields := s.writable(c.user, module, creating)
	data := clean(fields, c.data())
	if bad := s.pointers(fields, data, ""); bad != nil {
		a := refuse(c.Request, http.StatusUnprocessableEntity, "Invalid Record JSON", bad)
		return nil, nil, &a
	}
	if yearBeyond(data["date_of_birth"], s.moment().Year()) {
		text := "Please enter a date of birth no later than " + strconv.Itoa(s.moment().Year())
		a := refuse(c.Request, http.StatusUnprocessableEntity, []string{text}, "date_of_birth")
		return nil, nil, &a
	}
	return data, fields, nil
}

// createCase is POST /api/v2/cases: 204 when the client chose the id (§3.3).
func createCase(s *System, c call) answer {
	if !c.user.may("create") {
		return forbidden(c.Request)
	}
	module, _ := c.data()["module_id"].(string)
	values, _, refusal := s.submit(c, module, true)
	if refusal != nil {
		return *refusal
	}
	id, chosen := values["id"].(string)
	delete(values, "id")
	if !chosen {
		id = s.newID()
	}
	number, _ := values["case_id"].(string)
	if s.records.byID[id] != nil || len(s.records.byKey["case_id"][number]) > 0 {
		return conflict(c.Request)
	}
	if s.hasNumericIdentifier() {
		return broken(c.Request, "undefined method 'strip' for an instance of Integer")
	}
	rec := s.create(id, values, c.user)
	if chosen {
		return answer{status: http.StatusNoContent, header: http.Header{}}
	}
	return caseAnswer(rec, except(s.readable(c.user), "last_updated_by"))
}

func except(names []string, name string) []string {
	return slices.DeleteFunc(names, func(n string) bool { return n == name })
}

// hasNumericIdentifier says whether the form makes an identifier a number, which breaks every create (§9).
func (s *System) hasNumericIdentifier() bool {
	return slices.ContainsFunc(identifiers(), func(n string) bool {
		f := s.form.byName[n]
		return f != nil && f.Type == engine.Integer
	})
}

// create files a case from values that passed validation.
func (s *System) create(id string, values map[string]any, by *account) *record {
	return s.records.add(id, s.begin(values, by, s.moment()).doc)
}

// begin makes of values what the server makes of a new case. Rows get their ids in order of the fields' names.
func (s *System) begin(values map[string]any, by *account, at time.Time) saving {
	for _, name := range sortedKeys(values) {
		if rows, ok := values[name].([]any); ok && isRows(rows) {
			s.withIDs(rows)
		}
	}
	sv := saving{doc: newDocument(values), by: by.UserName, at: at}
	s.defaults(&sv.doc, by, at)
	s.callbacks(&sv)
	return sv
}

// updateCase is PATCH or PUT /api/v2/cases/:id. It always bumps the stamp and
// answers changed keys only (§3.4).
func updateCase(s *System, c call) answer {
	rec, refusal := s.theCase(c, "write")
	if refusal != nil {
		return *refusal
	}
	old := rec.doc
	data, fields, refusal := s.submit(c, old.text("module_id"), false)
	if refusal != nil {
		return *refusal
	}
	doc := old.clone()
	s.merge(&doc, data, fields)
	sv := saving{old: old, doc: doc, by: c.user.UserName, at: s.moment()}
	s.interleave(rec.id)
	s.store(rec, sv)
	return caseAnswer(rec, s.changes(old, rec, c.user))
}

// interleave lets another write come between loading and saving; that write
// itself is not interrupted.
func (s *System) interleave(id string) {
	other := s.switches.LostUpdate
	if other == nil {
		return
	}
	s.switches.LostUpdate = nil
	s.mu.Unlock()
	other(id)
	s.mu.Lock()
	s.switches.LostUpdate = other
}

// changes lists the changed keys that a user may see.
func (s *System) changes(old document, rec *record, u *account) []string {
	may := s.readable(u)
	return slices.DeleteFunc(changed(old, rec.doc), func(n string) bool {
		_, ok := slices.BinarySearch(may, n)
		return !ok || n == "last_updated_by"
	})
}

// disableCase is DELETE /api/v2/cases/:id, which only sets record_state (§8).
func disableCase(s *System, c call) answer {
	rec, refusal := s.theCase(c, "enable_disable_record")
	if refusal != nil {
		return *refusal
	}
	sv := saving{old: rec.doc, doc: rec.doc.clone(), by: c.user.UserName, at: s.moment()}
	sv.doc.set("record_state", false)
	s.store(rec, sv)
	return data(map[string]any{"id": rec.id})
}
