package main

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/store"
)

// near is the known value that an unknown one most likely means: the one that a typist missed, else
// the one that has the most in common with it, word by word; "" when nothing is near.
func near(value string, known []string) string {
	if n := engine.Nearest(value, known); n != "" {
		return n
	}
	common := map[string]int{} // how many values have a word: one that many have says nothing
	for _, k := range known {
		for _, w := range longWords(k) {
			common[w]++
		}
	}
	best, most := "", 0
	for _, k := range known {
		score := 0
		for _, w := range longWords(k) {
			if common[w] <= max(1, len(known)/4) && slices.Contains(longWords(value), w) {
				score += len(w)
			}
		}
		if score > most {
			best, most = k, score
		}
	}
	return best
}

// longWords are the words of a text that tell something, once each, without case.
func longWords(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	slices.Sort(words)
	return slices.DeleteFunc(slices.Compact(words), func(w string) bool { return len(w) < 4 })
}

// nearest is what comes nearest to the value that an entry could not look up; "" also when the specs know it by now.
func (q *quarantine) nearest(e store.QuarantineEntry) string {
	if e.Lookup == "" || e.Value == "" || q.known(e) {
		return ""
	}
	return near(e.Value, q.c.project.Knows(e.Lookup, e.By))
}

// known says whether the specs know the value of an entry by now.
func (q *quarantine) known(e store.QuarantineEntry) bool {
	return e.Value != "" && slices.Contains(q.c.project.Knows(e.Lookup, e.By), e.Value)
}

// nearText is what is said behind a value.
func (q *quarantine) nearText(e store.QuarantineEntry) string {
	if q.known(e) {
		return ", which the specs know by now"
	}
	if n := q.nearest(e); n != "" {
		return fmt.Sprintf(", nearest %q", n)
	}
	return ""
}

// recordName is the id under which --case finds an entry's record.
func recordName(e store.QuarantineEntry) string {
	_, name, _ := strings.Cut(e.Record, " ")
	return name
}

// step is what a person can do next about an entry, one sentence.
func (q *quarantine) step(e store.QuarantineEntry) string {
	switch {
	case e.Status == store.EntryClosed:
		return "nothing: it went through, or there is nothing left to carry"
	case e.Status == store.EntryDiscarded:
		return "nothing, unless it shall go after all: then try it"
	case e.Sought != "":
		return "look for the record in the system that it comes from: it was looked for there and not found. If it is gone for good, discard the entry"
	case e.Code == store.CodeLetGo:
		return fmt.Sprintf("nothing: the next run of %s sends it", e.Flow)
	case e.Kind == string(engine.Transient):
		return "nothing: it is tried again by itself. If that goes on for days, look at the other system"
	case e.Kind == string(engine.Conflict):
		return "look at the record in both systems: it was not as it had been when this was decided, or is gone"
	case e.Refused():
		return q.refusedStep(e)
	case e.Route == "" && e.Code == mapping.CodeUnusable:
		return q.unusableStep(e)
	}
	if q.known(e) {
		return "nothing: the specs know the value now, and the next run tries again"
	}
	if text, ok := q.lookupStep(e); ok {
		return text
	}
	// By custom the words of a spec say what is wrong and then, behind a colon, what to do.
	if _, do, ok := strings.Cut(e.Reason, ": "); ok {
		return do
	}
	return "mend what the reason says, in the system that it speaks of"
}

// unusableStep is about a record that its system gives in a form that cannot be used.
func (q *quarantine) unusableStep(e store.QuarantineEntry) string {
	system := "the system that it comes from"
	if f := q.c.project.Flow(e.Flow); f != nil {
		system, _, _ = strings.Cut(f.Source.Read.Text, ".")
	}
	return fmt.Sprintf("correct the record in %s; one that is only too large may pass with another setting of that connection (see `casebridge settings`)", system)
}

// refusedStep says where to look when a target refused a write.
func (q *quarantine) refusedStep(e store.QuarantineEntry) string {
	source := "the source"
	if f := q.c.project.Flow(e.Flow); f != nil {
		source = f.Source.Read.Text
	}
	if len(e.Fields) == 0 {
		return fmt.Sprintf("look at the record in %s and in %s: the answer named no field", source, e.Object)
	}
	text := fmt.Sprintf("look at %s of the record, and at what %s is made of in %s", fieldText(e.Fields), pronoun(e.Fields), source)
	if e.Place != "" {
		text += fmt.Sprintf("; the rule is %s", path.Join(q.c.root, e.Place))
	}
	if slices.ContainsFunc(e.Fields, func(pointer string) bool { return q.takesCodes(e.Object, pointer) }) {
		system, _, _ := strings.Cut(e.Object, ".")
		text += fmt.Sprintf("; %s takes only codes of its own list there: add the code to that list when it is missing", system)
	}
	return text
}

// takesCodes says whether the field that a pointer such as /services/0/type leads to has a code list.
func (q *quarantine) takesCodes(object, pointer string) bool {
	o := q.c.project.Object(object)
	if o == nil {
		return false
	}
	fields, codes := o.Fields, false
	for name := range strings.SplitSeq(strings.Trim(pointer, "/"), "/") {
		i := slices.IndexFunc(fields, func(f engine.Field) bool { return f.Name == name })
		if i < 0 {
			continue // the number of a row or of a value
		}
		fields, codes = fields[i].Fields, fields[i].Codes != ""
	}
	return codes
}

func pronoun(fields []string) string {
	if len(fields) == 1 {
		return "it"
	}
	return "each"
}

// fieldText names fields as people know them, without the slashes of pointers.
func fieldText(fields []string) string {
	var names []string
	for _, f := range fields {
		names = append(names, strings.ReplaceAll(strings.Trim(f, "/"), "/", "."))
	}
	if len(names) == 1 {
		return "the field " + names[0]
	}
	return "the fields " + strings.Join(names, ", ")
}

// lookupStep says which file a value without an entry belongs in.
func (q *quarantine) lookupStep(e store.QuarantineEntry) (string, bool) {
	m := q.c.project.Map(e.Lookup)
	if m == nil || e.Value == "" {
		return "", false
	}
	text := fmt.Sprintf("add a row for %q to %s", e.Value, path.Join(q.c.root, m.At.File))
	if n := q.nearest(e); n != "" {
		text += fmt.Sprintf(", or correct it in the record if %q was meant", n)
	}
	return text, true
}

// commands are what a person can type next about an entry, with what each does.
func (q *quarantine) commands(e store.QuarantineEntry) [][2]string {
	retry := fmt.Sprintf("casebridge quarantine retry %d", e.ID)
	switch e.Status {
	case store.EntryClosed:
		return nil
	case store.EntryDiscarded:
		return [][2]string{{retry, "tries it all the same"}}
	}
	return [][2]string{
		{retry + " --plan", "shows what would become of it now"},
		{retry, "tries it now"},
		{fmt.Sprintf("casebridge plan %s --case %s --all", e.Flow, recordName(e)), "shows all of its record"},
		{fmt.Sprintf("casebridge quarantine discard %d --why REASON", e.ID), "decides that it never goes"},
	}
}
