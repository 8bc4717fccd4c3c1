package mapping

import (
	"fmt"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// agreement is what both sides of one record or row last had in common, field by field. The zero value knows nothing:
// the record is new, no field of the write asks for it, or the store keeps no digests.
type agreement struct {
	row    string
	fields []Agreed
	digest func(field string, value []byte) string
}

// contents is what the fields of a write come to.
type contents struct {
	settings []setting
	kept     []engine.Reason
	links    []engine.Link
}

// history is what is known of how the two sides of a field came to differ.
type history uint8

const (
	onlySource history = iota // the source was changed since both had the same; or the target is empty and they never had
	onlyTarget
	bothSides
	neverSame // both have a value, and which one is newer is not known
)

// ruling is what becomes of a field whose sides differ.
type ruling uint8

const (
	goes  ruling = iota // the source's value is written
	stays               // the target's value is left alone
	aside               // a person decides
)

// rule is the whole policy:
//
//	changed since both had the same       source   target   review
//	only the source                       goes     goes     goes
//	only the target                       goes     stays    stays
//	both                                  goes     stays    aside
//	they never had; the target is empty   goes     goes     goes
//	they never had; both have a value     goes     stays    aside
func (h history) rule(policy spec.Conflict) ruling {
	switch {
	case h == onlySource || policy != spec.TargetWins && policy != spec.Review:
		return goes
	case h == onlyTarget || policy == spec.TargetWins:
		return stays
	default:
		return aside
	}
}

// changed says which side no longer has what both last had in common.
func (a agreement) changed(r *fieldRule, wanted, now value) history {
	last, known := a.last(r.name)
	switch {
	case !known && now.blank():
		return onlySource
	case !known:
		return neverSame
	case a.of(r, now) == last:
		return onlySource
	case a.of(r, wanted) == last:
		return onlyTarget
	default:
		return bothSides
	}
}

// last is the digest of what both sides of a field last had in common.
func (a agreement) last(field string) (digest string, known bool) {
	for _, f := range a.fields {
		if f.Field == field && a.digest != nil {
			return f.Digest, true
		}
	}
	return "", false
}

// of is the digest of a value of the field; without a digest none is known.
func (a agreement) of(r *fieldRule, v value) string { return a.digest(r.name, normal(r.field, v)) }

// contend settles a field that people may change on both sides. differs says that the rule would write wanted, fresh that
// there is nothing it could replace. It notes what is kept, and what both sides have in common when the item is done.
func (a agreement) contend(w *write, r *fieldRule, wanted, now value, differs, fresh bool, c *contents) (wrong *engine.Reason, write bool) {
	if !differs {
		a.note(r, wanted, now, c)
		return nil, false
	}
	h := onlySource
	if !fresh {
		h = a.changed(r, wanted, now)
	}
	switch h.rule(r.conflict) {
	case goes:
		c.links = append(c.links, a.link(r, wanted))
		return nil, true
	case stays:
		c.kept = append(c.kept, engine.Reason{Code: r.code + "/kept", Text: h.kept(r.name, w.object.full), Place: r.place})
		return nil, false
	default:
		return &engine.Reason{Code: r.code + "/conflict", Text: h.apart(r.name, w.object.full), Place: r.place}, false
	}
}

// note keeps what both sides have in common where that is news. A blank value in the source says nothing, unless it clears.
func (a agreement) note(r *fieldRule, wanted, now value, c *contents) {
	if a.digest == nil || wanted.blank() && !r.clear || !(r.same(now, wanted) || now.blank() && wanted.blank()) {
		return
	}
	if last, known := a.last(r.name); !known || last != a.of(r, wanted) {
		c.links = append(c.links, a.link(r, wanted))
	}
}

func (a agreement) link(r *fieldRule, v value) engine.Link {
	return engine.Link{Row: a.row, Field: r.name, Value: engine.NewBody(normal(r.field, v))}
}

// kept says in words why the target's value stays.
func (h history) kept(field, object string) string {
	switch h {
	case bothSides:
		return "the field " + field + " was changed on both sides, and " + object + " keeps its own"
	case neverSame:
		return "the field " + field + " has another value in " + object + " and stays as it is there: which one is newer is not known"
	default:
		return "the field " + field + " was changed in " + object + " and stays as it is there"
	}
}

// apart says in words what a person has to settle.
func (h history) apart(field, object string) string {
	if h == neverSame {
		return "the field " + field + " of " + object + " has another value in the source, and which one is newer is not known: make both the same, or discard this entry"
	}
	return "the field " + field + " of " + object + " was changed on both sides since both had the same: make both the same, or discard this entry"
}

// agreed asks what both sides of a record, or of one row of it, last had in common. ok is false when the item waits for that.
func (d *decision) agreed(w *write, it *item, target, now value, row string) (a agreement, early *draft, ok bool) {
	a = agreement{row: row}
	record := target.record()
	if !w.contended || !now.given() || record == nil {
		return a, nil, true
	}
	before := len(d.drafts)
	q := Ask{Kind: AskLink, Object: w.object.full, By: row, Value: record.ID}
	reply, known := d.ask(it, about{code: w.code + "/conflict", place: w.place}, q)
	if !known {
		return a, d.since(before), false
	}
	a.fields, a.digest = reply.agreed, reply.digest
	return a, nil, true
}

// agree adds what a joining item keeps and has in common; what is said later of a field counts.
func (dr *draft) agree(c contents) {
	for _, l := range c.links {
		dr.change.Links = append(dropLink(dr.change.Links, l), l)
	}
	dr.change.Kept = append(dr.change.Kept, c.kept...)
}

func dropLink(links []engine.Link, of engine.Link) []engine.Link {
	var rest []engine.Link
	for _, l := range links {
		if l.Row != of.Row || l.Field != of.Field {
			rest = append(rest, l)
		}
	}
	return rest
}

// contend checks that what the two sides of a field contend for can be seen on both.
func (rc *routeCompiler) contend(w *write, fr *fieldRule, r *spec.FieldRule) {
	word, wide := r.Conflict, textWidth(r.Conflict)
	switch {
	case fr.conflict == "":
	case w.target == nil:
		rc.c.errorAt(word.At, wide, "unread-target", fmt.Sprintf("a %s of %s does not look at what is there, so nobody can tell who changed the field %q",
			w.verb.Text, w.object.full, fr.name), "leave conflict out, or write with update or upsert")
	case fr == w.key:
		rc.c.errorAt(word.At, wide, "idle-conflict", fmt.Sprintf("the field %q tells rows apart and is never changed, so nothing can be in conflict", fr.name), "leave conflict out")
	case w.row != nil && fieldClass(engine.FieldNamed(w.row.Fields, w.row.RowKey)).Hidden():
		rc.c.errorAt(word.At, wide, "personal-key", fmt.Sprintf("the store would keep the key of the row, %q, in the clear, and it is about a person", w.row.RowKey), "leave conflict out")
	default:
		w.contended = true
	}
}
