package mapping

import (
	"fmt"
	"slices"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// write is a compiled write of a route.
type write struct {
	verb    spec.Scalar
	object  *objectType
	target  code   // nil for create and send
	named   string // the target's name
	row     *engine.Field
	current code // of row; nil when the row is found by its key
	onlyIf  code // may be nil
	fields  []*fieldRule
	key     *fieldRule // of row
	once    []binding
	known   []binding
	await   bool
	verify  []string
	apart   bool // the route has several writes

	contended bool // people may change one of its fields on both sides
	spec      *spec.Write
	inputs    []input // of onlyIf
	keyed     []input // of once
	code      string
	place     string
}

func (w *write) reason(what, text string) engine.Reason {
	return engine.Reason{Code: w.code + "/" + what, Text: text, Place: w.place}
}

// idle says in words why there is nothing to write; "" when there is.
func (w *write) idle(target value) string {
	if w.row == nil && !target.given() && !w.may() {
		return "there is no record to update"
	}
	return ""
}

// may says whether the write can make what is not there yet.
func (w *write) may() bool { return w.verb.Text != string(engine.UpdateVerb) }

// draft is a Change in the making. Rows of later items may join it.
type draft struct {
	change   engine.Change
	ended    bool // change is as it will be
	w        *write
	target   value // the record as it is; null for a new one
	settings []setting
	rows     []rowDraft
}

// write makes what the item writes, and goes on with the routes inside.
func (d *decision) write(r *route, it item) {
	var group []*draft
	for _, w := range r.writes {
		dr := d.put(w, &it)
		if dr == nil {
			continue
		}
		group = append(group, dr)
		if w.apart && dr.ended && dr.change.Verdict != engine.NoChange {
			break // a person must first look at this one; the next run takes up the rest
		}
	}
	d.chain(r, group)
	if len(r.writes) == 1 && len(group) == 1 {
		it.owners = append(slices.Clip(it.owners), group[0])
	}
	for _, inner := range r.routes {
		one := it
		one.route = inner
		d.walk(inner, 0, one)
	}
}

// chain ties the writes of one item together.
func (d *decision) chain(r *route, group []*draft) {
	if len(r.writes) < 2 || len(group) < 2 {
		return
	}
	d.items++
	for _, dr := range group {
		dr.change.Chain = fmt.Sprintf("%s, %s %d", d.out.Record, r.name, d.items)
	}
}

// put decides one write; nil when there is nothing to write.
func (d *decision) put(w *write, it *item) *draft {
	if w.onlyIf != nil && !w.onlyIf(&d.frame).yes() {
		d.startWrite(w, it, value{}, "its only_if is not true")
		return d.brokenDraft(it)
	}
	var target value
	if w.target != nil {
		target = w.target(&d.frame)
	}
	if r := target.record(); target.given() && (r == nil || r.ID == "") {
		return d.end(it, engine.Quarantined, w.reason("target", "the record to update has no id"))
	}
	d.startWrite(w, it, target, w.idle(target))
	once, early, ok := d.sentAlready(w, it)
	switch {
	case !ok:
		return early
	case w.row != nil:
		return d.putRow(w, it, target)
	case !target.given() && !w.may():
		return nil
	}
	return d.putRecord(w, it, target, once)
}

// wentBefore ends an item whose send went already. What else the steps would say of it, a gate that has shut
// or a place that came later, is about a send that nobody will make.
func (d *decision) wentBefore(w *write, it *item) bool {
	if _, complete := d.onceKey(w.once); !complete || d.broken != nil {
		return d.broken != nil && d.brokenDraft(it) != nil
	}
	_, _, goes := d.sentAlready(w, it)
	if !goes {
		d.startWrite(w, it, value{}, "")
	}
	return !goes
}

// sentAlready asks what became of a send that must not be repeated. ok is true
// when it may go.
func (d *decision) sentAlready(w *write, it *item) (key string, early *draft, ok bool) {
	if len(w.once) == 0 {
		return "", nil, true
	}
	key, complete := d.onceKey(w.once)
	switch {
	case d.broken != nil:
		return "", d.brokenDraft(it), false
	case !complete:
		return "", d.end(it, engine.Quarantined, w.reason("once_per", "a value that tells this send apart is blank")), false
	}
	before := len(d.drafts)
	reply, known := d.ask(it, about{code: w.code + "/once_per", place: w.place}, Ask{Kind: AskOnce, Object: w.object.full, Once: key})
	if !known {
		return "", d.since(before), false
	}
	switch reply.state {
	case Sent, Awaiting, Shown:
		early = d.end(it, engine.NoChange, w.reason("once_per", "already sent"))
	case Parked:
		early = d.end(it, engine.Blocked, w.reason("once_per", "maybe sent: waiting until it is seen or a person decides"))
	default:
		return key, nil, true
	}
	early.change.Once, early.change.Object = key, w.object.full
	return "", early, false
}

// brokenDraft is broke for a write: nil when nothing broke down.
func (d *decision) brokenDraft(it *item) *draft {
	before := len(d.drafts)
	d.broke(it)
	return d.since(before)
}

// since gives the draft that was added after there were n; nil when none was.
func (d *decision) since(n int) *draft {
	if len(d.drafts) == n {
		return nil
	}
	return d.drafts[n]
}

// putRecord writes the record itself.
func (d *decision) putRecord(w *write, it *item, target value, once string) *draft {
	notes := it.notes
	common, early, ok := d.agreed(w, it, target, target, "")
	if !ok {
		return early
	}
	fields, wrong := d.fill(w, target, common, &notes)
	if early := d.brokenDraft(it); early != nil {
		return early
	}
	if wrong != nil {
		return d.end(it, engine.Quarantined, *wrong)
	}
	known, _ := d.pairs(w.known)
	if early := d.brokenDraft(it); early != nil {
		return early
	}
	if target.given() {
		if dr := d.home(w, it, target); dr != nil {
			return d.join(dr, w, it, fields, notes)
		}
	}
	dr := d.begin(w, it, target, notes, it.route.name)
	dr.settings = fields.settings
	dr.agree(fields)
	dr.change.Once, dr.change.Known, dr.change.Awaiting = once, known, w.await
	return dr
}

// begin opens a draft.
func (d *decision) begin(w *write, it *item, target value, notes []engine.Reason, routeName string) *draft {
	dr := d.add(engine.Change{Route: routeName, Item: it.label, Notes: notes, Object: w.object.full, Verify: w.verify})
	dr.w, dr.target = w, target
	if r := target.record(); r != nil {
		dr.change.Target, dr.change.Current = r.ID, r.Body
	}
	return dr
}

// home finds the draft that a write to the same record joins: one of the
// routes that hold this one, or another item of the same top-level route.
func (d *decision) home(w *write, it *item, target value) *draft {
	if w.apart {
		return nil
	}
	if !target.given() {
		for _, dr := range slices.Backward(it.owners) {
			if !dr.ended && !dr.target.given() && dr.w.object == w.object && dr.w.named == w.named {
				return dr
			}
		}
		return nil
	}
	for _, dr := range d.drafts[it.first:] {
		if !dr.ended && !dr.w.apart && dr.w.object == w.object && dr.target.given() && dr.change.Target == target.record().ID {
			return dr
		}
	}
	return nil
}

// join adds a record's fields to a draft; two wishes for one field must agree.
func (d *decision) join(dr *draft, w *write, it *item, fields contents, notes []engine.Reason) *draft {
	for _, s := range fields.settings {
		i := slices.IndexFunc(dr.settings, func(have setting) bool { return have.rule.name == s.rule.name })
		if i >= 0 && !same(dr.settings[i].value, s.value) {
			return d.end(it, engine.Quarantined, s.rule.reason("this route wants two values for the field "+s.rule.name))
		}
	}
	for _, s := range fields.settings {
		if !slices.ContainsFunc(dr.settings, func(have setting) bool { return have.rule.name == s.rule.name }) {
			dr.settings = append(dr.settings, s)
		}
	}
	dr.agree(fields)
	dr.take(w, it, notes)
	return dr
}

// take adds what a joining item brings beside its fields.
func (dr *draft) take(w *write, it *item, notes []engine.Reason) {
	for _, n := range notes {
		if !slices.Contains(dr.change.Notes, n) {
			dr.change.Notes = append(slices.Clip(dr.change.Notes), n)
		}
	}
	for _, v := range w.verify {
		if !slices.Contains(dr.change.Verify, v) {
			dr.change.Verify = append(slices.Clip(dr.change.Verify), v)
		}
	}
	if dr.change.Item != it.label {
		dr.change.Item = ""
	}
}

// rowDraft is one row of a draft.
type rowDraft struct {
	w        *write
	key      value
	fresh    bool
	settings []setting // without the key
}

// putRow writes one row of a record.
func (d *decision) putRow(w *write, it *item, target value) *draft {
	key, current, early, ok := d.rowNow(w, it, target)
	if !ok {
		return early
	}
	d.inRow(w, key, current)
	notes := it.notes
	common, early, ok := d.agreed(w, it, target, current, w.contest(key))
	if !ok {
		return early
	}
	fields, wrong := d.fill(w, current, common, &notes)
	if early := d.brokenDraft(it); early != nil {
		return early
	}
	if wrong != nil {
		return d.end(it, engine.Quarantined, *wrong)
	}
	row := rowDraft{w: w, key: key, fresh: !current.given(), settings: fields.settings}
	dr := d.home(w, it, target)
	switch {
	case dr != nil:
	case target.given():
		dr = d.begin(w, it, target, nil, it.top)
	default:
		return d.end(it, engine.Blocked, w.reason("record", "its record is not written"))
	}
	joined := d.joinRow(dr, row, it, notes)
	if joined == dr {
		dr.agree(fields)
	}
	return joined
}

// rowNow finds the row's key and the row as it is now.
func (d *decision) rowNow(w *write, it *item, target value) (key, current value, early *draft, ok bool) {
	key, _, wrong := w.key.eval(d, &it.notes)
	if early = d.brokenDraft(it); early != nil {
		return key, current, early, false
	}
	if wrong == nil && key.blank() {
		missing := w.key.reason("the row has no " + w.key.name)
		wrong = &missing
	}
	if wrong != nil {
		return key, current, d.end(it, engine.Quarantined, *wrong), false
	}
	there := d.rowOf(target, w, key)
	if w.current == nil {
		current = there
	} else {
		current = w.current(&d.frame)
	}
	switch {
	case !current.given() && there.given():
		early = d.end(it, engine.Quarantined, w.key.reason("the record already has a row with this "+w.key.name))
		return key, current, early, false
	case !current.given() && !w.may():
		d.leave("there is no such row to update")
		return key, current, nil, false
	}
	return key, current, nil, true
}

// rowOf finds a row of a record by its key.
func (d *decision) rowOf(target value, w *write, key value) value {
	for _, row := range target.member(w.row.Name).elements() {
		if equal(row.member(w.row.RowKey), key) {
			return row
		}
	}
	return value{}
}

// joinRow adds a row to its record's draft. The same row twice must be the same.
func (d *decision) joinRow(dr *draft, row rowDraft, it *item, notes []engine.Reason) *draft {
	for _, have := range dr.rows {
		if have.w.row != row.w.row || !same(have.key, row.key) {
			continue
		}
		if !sameSettings(have.settings, row.settings) {
			return d.end(it, engine.Quarantined, row.w.key.reason("this route writes one row twice, differently"))
		}
		dr.take(row.w, it, notes)
		return dr
	}
	dr.rows = append(dr.rows, row)
	if len(dr.rows) > maxRows {
		return d.end(it, engine.Quarantined, row.w.reason("rows", "more than 2000 rows would be written"))
	}
	dr.take(row.w, it, notes)
	return dr
}

func sameSettings(a, b []setting) bool {
	return slices.EqualFunc(a, b, func(x, y setting) bool { return x.rule == y.rule && same(x.value, y.value) })
}
