package mapping

import (
	"slices"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// step is one line of a route. take says whether the item goes on; a step that
// ends it has said so to the decision. eachStep alone is walked by the route.
type step interface {
	take(d *decision, it *item) bool
	self() *about
}

// readStep looks records up in a system.
type readStep struct {
	about
	object        *objectType
	by            string
	value         code // of by; nil with owner
	owner         code
	onlyIf        code // may be nil
	none, several spec.Otherwise
}

func (s *readStep) take(d *decision, it *item) bool {
	d.slots[s.slot] = value{}
	if s.onlyIf != nil && !s.onlyIf(&d.frame).yes() {
		return true
	}
	if s.owner != nil {
		return s.takeOwned(d, it)
	}
	v := s.value(&d.frame)
	key, ok := v.plain()
	if !ok || v.blank() {
		return d.otherwise(it, s.none, s.reason("there is nothing to look up"))
	}
	reply, ok := d.ask(it, s.about, Ask{Kind: AskRead, Object: s.object.full, By: s.by, Value: key})
	switch {
	case !ok:
		return false
	case len(reply.records) == 0:
		return d.otherwise(it, s.none, s.reason("there is no such record in "+s.object.full))
	case len(reply.records) > 1:
		return d.otherwise(it, s.several, s.reason("there are several such records in "+s.object.full))
	}
	d.slots[s.slot] = reply.records[0]
	return true
}

func (s *readStep) takeOwned(d *decision, it *item) bool {
	owner := s.owner(&d.frame).record()
	if owner == nil || owner.ID == "" {
		return true
	}
	reply, ok := d.ask(it, s.about, Ask{Kind: AskRead, Object: s.object.full, Value: owner.ID})
	if !ok {
		return false
	}
	d.slots[s.slot] = listValue(reply.records)
	if len(reply.records) == 0 {
		return d.otherwise(it, s.none, s.reason("there are no such records in "+s.object.full))
	}
	return true
}

// recallStep asks the store what a system last listed.
type recallStep struct {
	about
	object  *objectType
	any     []binding
	unswept spec.Otherwise
}

func (s *recallStep) take(d *decision, it *item) bool {
	d.slots[s.slot] = listValue(nil)
	ask := Ask{Kind: AskRecall, Object: s.object.full}
	for _, b := range s.any {
		if v := b.code(&d.frame); !v.blank() {
			ask.Pairs = append(ask.Pairs, d.pair(b, v))
		}
	}
	if d.broken != nil {
		return true
	}
	if len(ask.Pairs) == 0 {
		return true
	}
	reply, ok := d.ask(it, s.about, ask)
	switch {
	case !ok:
		return false
	case !reply.swept:
		return d.otherwise(it, s.unswept, s.reason(s.object.full+" has not been read whole yet"))
	}
	d.slots[s.slot] = listValue(reply.records)
	return true
}

// ledgerStep asks the store what was sent.
type ledgerStep struct {
	about
	object     *objectType
	by         []binding
	answer     code // may be nil: the answer that the entry must have
	unanswered bool
	list       bool // all that fit, oldest first
}

func (s *ledgerStep) take(d *decision, it *item) bool {
	d.slots[s.slot] = value{}
	ask := Ask{Kind: AskLedger, Object: s.object.full}
	for _, b := range s.by {
		v := b.code(&d.frame)
		if v.blank() {
			return true
		}
		ask.Pairs = append(ask.Pairs, d.pair(b, v))
	}
	if d.broken != nil {
		return true
	}
	var answer value
	if s.answer != nil {
		if answer = s.answer(&d.frame); answer.blank() {
			return true
		}
	}
	reply, ok := d.ask(it, s.about, ask)
	if !ok {
		return false
	}
	fitting := slices.DeleteFunc(slices.Clone(reply.records), func(e value) bool { return !s.fits(e, answer) })
	switch {
	case s.list:
		d.slots[s.slot] = listValue(fitting)
	case len(fitting) > 0:
		d.slots[s.slot] = fitting[0]
	}
	return true
}

// fits says whether an entry that has the names also has the answer, or still waits for one.
func (s *ledgerStep) fits(entry, answer value) bool {
	have := entry.member("answer")
	switch {
	case s.answer != nil:
		return have.text == plainText(answer)
	case s.unanswered:
		return have.blank() && entry.member("state").text != string(Shown)
	}
	return true
}

// pickStep chooses one row of a list.
type pickStep struct {
	about
	list          code
	over          site // the list
	where         code // may be nil
	try           []code
	none, several spec.Otherwise
}

func (s *pickStep) take(d *decision, it *item) bool {
	items := d.rows(s.over, 0, s.list(&d.frame))
	if d.trace != nil {
		d.trace.rows = len(items)
	}
	hits := d.having(s.slot, items, s.where)
	if len(s.try) > 0 {
		hits = s.tried(d, hits)
	}
	d.slots[s.slot] = value{}
	switch {
	case d.broken != nil:
		return true
	case len(hits) == 0:
		return d.otherwise(it, s.none, s.reason(s.name+": no row fits"))
	case len(hits) > 1:
		return d.otherwise(it, s.several, s.reason(s.name+": several rows fit"))
	}
	d.slots[s.slot] = hits[0]
	return true
}

// tried gives the hits of the first line that has any.
func (s *pickStep) tried(d *decision, rows []value) []value {
	for _, line := range s.try {
		if hits := d.having(s.slot, rows, line); len(hits) > 0 {
			return hits
		}
	}
	return nil
}

// having gives the rows that a test, which sees them in a slot, is true of; nil is no test.
func (d *decision) having(slot int, rows []value, test code) []value {
	if test == nil {
		return rows
	}
	var hits []value
	for _, row := range rows {
		d.slots[slot] = row
		if test(&d.frame).yes() {
			hits = append(hits, row)
		}
	}
	return hits
}

// firstStep takes the first name that is given.
type firstStep struct {
	about
	slots []int
}

func (s *firstStep) take(d *decision, _ *item) bool {
	d.slots[s.slot] = value{}
	for _, at := range s.slots {
		if d.slots[at].given() {
			d.slots[s.slot] = d.slots[at]
			break
		}
	}
	return true
}

// lookupStep is a rule or a map.
type lookupStep struct {
	about
	in          *lookup
	class       engine.Class          // of from
	confirmed   func(key string) bool // of a rule; nil for a map
	from        code
	visible     bool // the value may stand in a reason
	missing     spec.Otherwise
	unconfirmed spec.Otherwise
}

func (s *lookupStep) take(d *decision, it *item) bool {
	from := s.from(&d.frame)
	found := d.lookUp(s.in, from, s.class)
	d.slots[s.slot] = found
	if d.broken != nil {
		return true
	}
	r := s.reason(s.name + ": there is no entry")
	if s.visible {
		r.Value = plainText(from)
	}
	switch {
	case !found.given():
		return d.otherwise(it, s.missing, r)
	case s.confirmed != nil && s.unconfirmed != "" && !s.confirmed(plainText(from)):
		return d.otherwise(it, s.unconfirmed, r)
	}
	return true
}

// tableStep asks a decision table.
type tableStep struct {
	about
	table *table
	in    []code
	none  spec.Otherwise
}

func (s *tableStep) take(d *decision, it *item) bool {
	in := make([]value, len(s.in))
	for i, c := range s.in {
		in[i] = c(&d.frame)
	}
	answer, at := s.table.answer(in)
	d.tabled(s.table, at)
	d.slots[s.slot] = answer
	if !d.slots[s.slot].given() {
		return d.otherwise(it, s.none, s.reason(s.name+": no line of the table fits"))
	}
	return true
}

// exprStep names the value of an expression.
type exprStep struct {
	about
	expr code
}

func (s *exprStep) take(d *decision, _ *item) bool {
	d.slots[s.slot] = s.expr(&d.frame)
	return true
}

// mustStep lets pass only what is exactly true.
type mustStep struct {
	about
	expr code
	or   spec.Otherwise
}

func (s *mustStep) take(d *decision, it *item) bool {
	if s.expr(&d.frame).yes() {
		return true
	}
	if d.broken == nil && s.or != spec.Nothing {
		d.otherwise(it, s.or, s.reason("a condition is not met"))
	}
	return d.broken != nil // the route speaks of what broke down
}

// warnStep adds a note to everything that follows from the item.
type warnStep struct {
	about
	expr code
}

func (s *warnStep) take(d *decision, it *item) bool {
	if s.expr(&d.frame).yes() {
		it.note(s.reason("a person should look at this"))
	}
	return true
}

// provesStep says that something sent has arrived.
type provesStep struct {
	about
	object      *objectType
	known, once []binding
	answer      code
}

// take leaves the sighting out when one of its values is blank: it would fit what it must not.
func (s *provesStep) take(d *decision, _ *item) bool {
	known, ok1 := d.pairs(s.known)
	once, ok2 := d.onceKey(s.once)
	answer := s.answer(&d.frame)
	if ok1 && ok2 && d.broken == nil && !answer.blank() {
		d.out.Sightings = append(d.out.Sightings,
			engine.Sighting{Object: s.object.full, Known: known, Once: once, Answer: plainText(answer)})
	}
	return true
}

// eachStep goes on once for every row of a list.
type eachStep struct {
	about
	list     code
	over     site // the list
	where    code
	distinct []code
	item     code
	none     spec.Otherwise
}

func (s *eachStep) take(*decision, *item) bool { return true }
