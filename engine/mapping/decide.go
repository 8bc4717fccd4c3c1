package mapping

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// decision is one Decide under way.
type decision struct {
	frame
	flow    *Flow
	in      Input
	out     Decision
	replies map[string]*reply // by Ask.Key; never ranged over
	drafts  []*draft
	items   int // that wrote, for names of chains
}

// item is what a route's lines are about: the whole record, or one row of an each.
type item struct {
	route  *route
	top    string // name of the top-level route
	first  int    // drafts of the top-level route start here
	label  string // as in Change.Item
	notes  []engine.Reason
	owners []*draft // what the routes that hold this one write, outermost first; no nils
}

func (it *item) note(r engine.Reason) { it.notes = append(slices.Clip(it.notes), r) }

// CodeUnusable is the code of the reason that a whole record cannot be used; its change has no route.
const CodeUnusable = "record"

// Decide says what should become of one record. It never fails: what cannot be
// decided is a Change that says so. When Wants is not empty nothing else counts.
func (f *Flow) Decide(in Input) Decision {
	d := &decision{flow: f, in: in, replies: map[string]*reply{}}
	if in.Trace != nil {
		*in.Trace = Trace{}
	}
	d.out.Record = recordName(f.source, in.Record, value{})
	source, ok := recordValue(&in.Record)
	if !ok {
		d.out.Unusable = true
		d.add(engine.Change{Verdict: engine.Quarantined, Reason: engine.Reason{
			Code: CodeUnusable, Text: unusable(in.Record), Place: f.spec.At.String()}})
		return d.finished()
	}
	d.out.Record = recordName(f.source, in.Record, source)
	d.frame = f.frame(source, f.runValue(in))
	d.trace = in.Trace
	if d.opens() {
		for _, r := range f.routes {
			d.walk(r, 0, item{route: r, top: r.name, first: len(d.drafts)})
		}
	}
	return d.finished()
}

// unusable says why a record cannot be decided about.
func unusable(r engine.Record) string {
	if r.Fault != nil && r.Fault.Err != nil {
		return "the record cannot be used: " + r.Fault.Err.Error()
	}
	return "the record is not one JSON object"
}

// recordName is what people call a record: its object and the value that names it. Where the
// object has no ID field, that value may stand in several records: then what the driver calls the record.
func recordName(o *objectType, r engine.Record, v value) string {
	if o.spec.ID == "" && r.ID != "" {
		return o.spec.Name + " " + r.ID
	}
	if r.Fault != nil && r.Fault.Ref != "" {
		return o.spec.Name + " " + r.Fault.Ref
	}
	named := v.member(o.spec.Named)
	if s, ok := named.plain(); ok && !named.blank() {
		return o.spec.Name + " " + s
	}
	return o.spec.Name + " " + r.ID
}

// opens walks the gate.
func (d *decision) opens() bool {
	it := item{route: d.flow.gate, top: d.flow.gate.name}
	for _, s := range d.flow.gate.steps {
		if !d.pass(s, &it) {
			return false
		}
	}
	return true
}

// walk takes an item down a route from line i on.
func (d *decision) walk(r *route, i int, it item) {
	for ; i < len(r.steps); i++ {
		if i == r.settled && i > 0 && d.wentBefore(r.writes[0], &it) {
			return
		}
		if each, ok := r.steps[i].(*eachStep); ok {
			d.each(each, r, i+1, it)
			return
		}
		if !d.pass(r.steps[i], &it) {
			return
		}
	}
	d.write(r, it)
}

// each goes on once for every row.
func (d *decision) each(s *eachStep, r *route, next int, it item) {
	rows := d.rows(s.over, 0, s.list(&d.frame))
	if d.broke(&it) {
		return
	}
	done := d.eachTaken(s, &it, len(rows))
	seen, taken := map[string]bool{}, 0
	for i, row := range rows {
		d.slots[s.slot] = row
		fits := s.where == nil || s.where(&d.frame).yes()
		key := d.distinctKey(s.distinct, fits)
		one := it
		if fits {
			one.label = d.label(s, it.label, i)
		}
		if d.broke(&one) || !fits || key != "" && seen[key] {
			d.leftOut(s, &it, i)
			continue
		}
		seen[key] = true
		taken++
		d.walk(r, next, one)
	}
	if taken == 0 && s.none != "" {
		d.otherwise(&it, s.none, s.reason(s.name+": no row fits"))
	}
	done(taken)
}

func (d *decision) distinctKey(exprs []code, fits bool) string {
	if !fits || len(exprs) == 0 {
		return ""
	}
	var b []byte
	for _, expr := range exprs {
		v := expr(&d.frame)
		if v.kind == number {
			v.text = plainText(v) // 1.0 is 1
		}
		b = append(appendJSON(b, v), ',')
	}
	return string(b)
}

// label names a row for people.
func (d *decision) label(s *eachStep, outer string, i int) string {
	mark := strconv.Itoa(i + 1)
	if s.item != nil {
		if v := s.item(&d.frame); !v.blank() {
			mark = plainText(v)
		}
	}
	label := s.name + " " + mark
	if outer != "" {
		return outer + ", " + label
	}
	return label
}

// broke quarantines the item when an expression broke down since the last look.
func (d *decision) broke(it *item) bool {
	if d.broken == nil {
		return false
	}
	b := d.broken
	d.broken = nil
	d.end(it, engine.Quarantined, engine.Reason{Code: "mapping", Text: b.why, Place: b.at.String()})
	return true
}

// otherwise does what a step says for this case, and says whether the item goes on.
func (d *decision) otherwise(it *item, how spec.Otherwise, r engine.Reason) bool {
	switch how {
	case spec.Nothing:
		return true
	case spec.WarnOnly:
		it.note(r)
		return true
	case spec.SkipIt:
		d.end(it, engine.Skip, r)
	case spec.BlockIt:
		d.end(it, engine.Blocked, r)
	default:
		d.end(it, engine.Quarantined, r)
	}
	return false
}

// end records that an item ends here, without a write.
func (d *decision) end(it *item, v engine.Verdict, r engine.Reason) *draft {
	c := engine.Change{Route: it.route.name, Item: it.label, Verdict: v, Reason: r, Notes: it.notes}
	if len(it.route.writes) > 0 {
		c.Object = it.route.writes[0].object.full
	}
	return d.add(c)
}

func (d *decision) add(c engine.Change) *draft {
	c.Flow, c.Record = d.flow.spec.Name.Text, d.out.Record
	dr := &draft{change: c, ended: c.Verdict != ""}
	d.drafts = append(d.drafts, dr)
	return dr
}

// finished turns the drafts into changes, unless something is still to be asked.
func (d *decision) finished() Decision {
	if len(d.out.Wants) > 0 {
		return Decision{Record: d.out.Record, Wants: d.out.Wants}
	}
	for _, dr := range d.drafts {
		d.out.Changes = append(d.out.Changes, d.flow.permit(dr.finish()))
	}
	return d.out
}

// reply is an Answer, taken apart.
type reply struct {
	known   bool
	records []value
	swept   bool
	state   SendState
	agreed  []Agreed
	digest  func(field string, value []byte) string
	fault   *engine.Fault
	bad     bool // a record in it is no JSON object
}

// ask gets an answer. When there is none yet, or none can be had, the item ends
// and ok is false.
func (d *decision) ask(it *item, a about, q Ask) (r *reply, ok bool) {
	key := q.Key()
	r = d.replies[key]
	if r == nil {
		r = d.lookAt(q)
		d.replies[key] = r
	}
	switch {
	case !r.known:
		return nil, false
	case r.fault != nil:
		d.end(it, engine.Unclear, engine.Reason{Code: a.code, Place: a.place,
			Text: fmt.Sprintf("%s could not be asked: %s fault", q.Object, r.fault.Kind)})
		return nil, false
	case r.bad:
		d.end(it, engine.Quarantined, engine.Reason{Code: a.code, Place: a.place, Text: "a record of " + q.Object + " is not one JSON object"})
		return nil, false
	}
	return r, true
}

func (d *decision) lookAt(q Ask) *reply {
	if d.in.Known == nil {
		d.out.Wants = append(d.out.Wants, q)
		return &reply{}
	}
	answer, known := d.in.Known.Answer(q)
	if !known {
		d.out.Wants = append(d.out.Wants, q)
		return &reply{}
	}
	r := &reply{known: true, swept: answer.Swept, state: answer.State, agreed: answer.Agreed, digest: answer.Digest, fault: answer.Fault}
	for i := range answer.Records {
		v, ok := recordValue(&answer.Records[i])
		r.records = append(r.records, v)
		r.bad = r.bad || !ok
	}
	return r
}
