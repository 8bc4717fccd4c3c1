package sim

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// look runs a look at the data, with what was due to commit committed.
func (s *System) look(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	do()
}

// whole is everything that is stored of a case.
func whole(rec *record) json.RawMessage {
	doc := rec.doc.clone()
	doc.set("id", rec.id)
	doc.set("enabled", rec.doc.isTrue("record_state"))
	return json.RawMessage(encodeDocument(doc))
}

// Cases returns everything stored of all cases, in order of creation.
func (s *System) Cases() []json.RawMessage {
	var all []json.RawMessage
	s.look(func() {
		for _, rec := range s.created() {
			all = append(all, whole(rec))
		}
	})
	return all
}

func (s *System) created() []*record {
	return slices.SortedFunc(maps.Values(s.records.byID), func(a, b *record) int { return a.seq - b.seq })
}

// Case returns everything stored of one case, nil when there is none.
func (s *System) Case(id string) json.RawMessage {
	var found json.RawMessage
	s.look(func() {
		if rec := s.records.byID[id]; rec != nil {
			found = whole(rec)
		}
	})
	return found
}

// CaseBy returns the first case made that has this text in a field, nil when there is none.
func (s *System) CaseBy(field, value string) json.RawMessage {
	var found json.RawMessage
	s.look(func() {
		var first *record
		for _, rec := range s.having(field, value) {
			if first == nil || rec.seq < first.seq {
				first = rec
			}
		}
		if first != nil {
			found = whole(first)
		}
	})
	return found
}

// having lists the cases with this text in a field, from an index where there is one.
func (s *System) having(field, value string) []*record {
	if index := s.records.byKey[field]; index != nil {
		return index[value]
	}
	return slices.DeleteFunc(slices.Clone(s.records.byUpdated), func(r *record) bool { return r.doc.text(field) != value })
}

// Referrals returns the referrals of a case, oldest first.
func (s *System) Referrals(caseID string) []json.RawMessage {
	var all []json.RawMessage
	s.look(func() {
		refs := slices.Clone(s.links.byCase[caseID])
		slices.SortStableFunc(refs, func(a, b *referral) int {
			return strings.Compare(a.doc.text("created_at"), b.doc.text("created_at"))
		})
		for _, ref := range refs {
			all = append(all, json.RawMessage(encodeDocument(ref.doc)))
		}
	})
	return all
}

// Snapshot is a canonical JSON of all cases and referrals, sorted by id,
// without stamps: two are equal when the same is stored.
func (s *System) Snapshot() []byte {
	var cases, referrals []string
	s.look(func() {
		for _, id := range slices.Sorted(maps.Keys(s.records.byID)) {
			cases = append(cases, steady(id, s.records.byID[id].doc))
		}
		for _, id := range slices.Sorted(maps.Keys(s.links.byID)) {
			referrals = append(referrals, steady(id, s.links.byID[id].doc))
		}
	})
	var b bytes.Buffer
	b.WriteString("{\"cases\":[\n" + strings.Join(cases, ",\n") + "\n],\"referrals\":[\n" + strings.Join(referrals, ",\n") + "\n]}\n")
	return b.Bytes()
}

// steady is a document without the keys that every save changes.
func steady(id string, doc document) string {
	kept := slices.DeleteFunc(doc.clone(), func(e entry) bool {
		return slices.Contains([]string{"last_updated_at", "created_at", "posted_at", "responded_at", "last_updated_by", "not_edited_by_owner"}, e.name)
	})
	kept.set("id", id)
	return encodeDocument(kept)
}

// Log returns the requests so far, in order of their answers.
func (s *System) Log() []Request {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	return slices.Clone(s.watch.log)
}

// Requests counts every request that arrived.
func (s *System) Requests() Counts {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	return counts(s.watch.requests)
}

// Writes counts the requests other than GET that the application answered
// with success, also those whose answer was lost on the way.
func (s *System) Writes() Counts {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	return counts(s.watch.writes)
}

// ResetCounters empties the log and the counters; queued faults stay.
func (s *System) ResetCounters() {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	s.watch.log, s.watch.requests, s.watch.writes = nil, map[string]int{}, map[string]int{}
}
