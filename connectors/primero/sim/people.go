package sim

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// act does what a person does in the user interface: now, or with its stamp
// now and its commit later when the switch says so. An error is a mistake of
// the program: no such case, user or row, or a move that Primero ignores.
func (s *System) act(do func(at time.Time) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	at := s.moment()
	if s.switches.CommitLate <= 0 {
		return do(at)
	}
	s.late = append(s.late, lateWork{s.now().Add(s.switches.CommitLate), func() { _ = do(at) }}) // too late to tell anybody
	return nil
}

// worker is who people's cases belong to when nobody is named: the first of Options.Users.
func (s *System) worker() *account { return s.users[min(1, len(s.users)-1)] }

// AddCase makes a case as a social worker does and returns its id. Fields are
// stored as given, whether a form knows them or not; id, case_id, created_at,
// last_updated_at and last_updated_by may be among them. The module is
// primeromodule-cp and the owner the first of Options.Users unless given; an
// owner without an account stays on the case, as one who has left does. Nothing
// stops two cases from having one case_id; an id that is taken is a panic.
func (s *System) AddCase(fields map[string]any) (id string) {
	values, _ := taken(fields).(map[string]any)
	s.mu.Lock()
	id, given := fields["id"].(string)
	if !given {
		id = s.newID()
	}
	s.mu.Unlock()
	delete(values, "id")
	_ = s.act(func(at time.Time) error { s.addCase(id, values, at); return nil }) // cannot fail
	return id
}

func (s *System) addCase(id string, values map[string]any, at time.Time) {
	if values["module_id"] == nil && len(s.modules) > 0 {
		values["module_id"] = s.modules[0]
	}
	owner := s.worker()
	if name, ok := values["owned_by"].(string); ok {
		owner = s.user(name)
	}
	by := owner
	if by == nil {
		by = s.worker()
	}
	if s.records.byID[id] != nil {
		panic("sim: AddCase with the id of another case")
	}
	sv := s.begin(values, by, at)
	if owner == nil {
		sv.doc.set("owned_by", values["owned_by"])
	}
	for _, name := range []string{"last_updated_at", "last_updated_by", "owned_by_agency_id"} {
		if v := values[name]; v != nil {
			sv.doc.set(name, v)
		}
	}
	s.records.add(id, sv.doc)
}

// taken copies nested maps and lists into the shapes that JSON decodes to, dates converted.
func taken(v any) any {
	switch v := v.(type) {
	case map[string]any:
		all := make(map[string]any, len(v))
		for name, value := range v {
			all[name] = taken(value)
		}
		return all
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = taken(v[i])
		}
		return all
	case string:
		return coerceText(v)
	case nil, bool:
		return v
	case int:
		return json.Number(strconv.Itoa(v))
	}
	return coerce(decode(encode(v)))
}

// EditCase changes fields of a case as its owner does. Rows are merged by
// unique_id as in a PATCH; other fields are taken as given.
func (s *System) EditCase(id string, fields map[string]any) error {
	values, _ := taken(fields).(map[string]any)
	return s.edit(id, "", func(sv *saving) error {
		for _, name := range sortedKeys(values) {
			rows, ok := values[name].([]any)
			if ok && isRows(rows) {
				stored, _ := decode(sv.doc.raw(name)).([]any)
				sv.doc.set(name, s.withIDs(mergeRows(stored, rows)))
				continue
			}
			sv.doc.set(name, values[name])
		}
		return nil
	})
}

// edit saves a change of a case by a person; "" means its owner.
func (s *System) edit(id, by string, change func(*saving) error) error {
	return s.act(func(at time.Time) error {
		rec := s.records.byID[id]
		if rec == nil {
			return fmt.Errorf("sim: no case %s", id)
		}
		sv := saving{old: rec.doc, doc: rec.doc.clone(), by: by, at: at}
		if by == "" {
			sv.by = rec.doc.text("owned_by")
		}
		if err := change(&sv); err != nil {
			return err
		}
		s.store(rec, sv)
		return nil
	})
}

// AddService adds a row to services_section and returns its unique_id, the given one or a new one.
func (s *System) AddService(caseID string, row map[string]any) (uniqueID string, err error) {
	values, _ := taken(row).(map[string]any)
	uniqueID, ok := values["unique_id"].(string)
	if !ok {
		s.mu.Lock()
		uniqueID = s.newID()
		s.mu.Unlock()
		values["unique_id"] = uniqueID
	}
	return uniqueID, s.edit(caseID, "", func(sv *saving) error {
		stored, _ := decode(sv.doc.raw("services_section")).([]any)
		sv.doc.set("services_section", append(stored, values))
		return nil
	})
}

// EditService changes columns of one row of services_section.
func (s *System) EditService(caseID, rowID string, columns map[string]any) error {
	values, _ := taken(columns).(map[string]any)
	return s.edit(caseID, "", func(sv *saving) error {
		found := false
		eachRow(&sv.doc, rowID, func(row map[string]any) {
			found = true
			for name, v := range values {
				row[name] = v
			}
		})
		if !found {
			return fmt.Errorf("sim: case %s has no service row %s", caseID, rowID)
		}
		return nil
	})
}

// DecideRow sets the decision of a service row that came from outside, as the
// owner does: status goes to the column that Options.Fields calls
// referral_status with any suffix, e.g. referral_status_edf41f2.
func (s *System) DecideRow(caseID, rowID, status string) error {
	return s.EditService(caseID, rowID, map[string]any{s.decisionColumn(): status})
}
