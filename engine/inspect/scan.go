package inspect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

var (
	errNoRecord = errors.New("a record must be a JSON object")
	errNoObject = errors.New("its records do not name their object: name one flow, or write them as an object that names objects")
)

// OpenSample finds the records of a file of size bytes: one JSON object, an array, or
// one object per line, of the object source; or objects whose names are objects of the
// projects ("east.case") and whose values are arrays of records, owned ones naming
// their owner's id in "of". With source "" only the second form is taken. The file must
// stay open and as it is. An error says where the file is wrong and repeats nothing of it.
func OpenSample(file io.ReaderAt, size int64, source string, projects ...*spec.Project) (*Sample, error) {
	s := &Sample{file: file, records: map[string][]span{}, found: map[string][]place{}, fields: map[string][]string{}}
	for _, p := range projects {
		s.askedOf(p)
	}
	sc := &scanner{sample: s, projects: projects, source: source, dec: json.NewDecoder(io.NewSectionReader(file, 0, size))}
	for {
		err := sc.value()
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err != nil {
			return nil, sc.wrong(err, size)
		}
	}
}

// askedOf notes by which fields the flows of a project look objects up.
func (s *Sample) askedOf(p *spec.Project) {
	for _, f := range p.Flows {
		s.askedIn(f.Routes)
		s.identified(p.Object(f.Source.Read.Text))
	}
	for _, r := range p.Recall {
		for _, k := range slices.Concat(r.Key, r.Keep) {
			s.ask(r.Object.Text, k.Text)
		}
	}
}

func (s *Sample) askedIn(routes []*spec.Route) {
	for _, r := range routes {
		for _, st := range r.Steps {
			if st.Kind != spec.ReadStep {
				continue
			}
			s.ask(st.Object.Text, ownerKey)
			for _, b := range st.By {
				s.ask(st.Object.Text, b.Name.Text)
			}
		}
		s.askedIn(r.Routes)
	}
}

// identified notes the fields by which people name a record that a flow reads.
func (s *Sample) identified(o *engine.Object) {
	if o == nil {
		return
	}
	for _, name := range slices.Concat([]string{o.Named, o.ID}, o.By) {
		if name != "" {
			s.ask(o.Name, name)
		}
	}
}

func (s *Sample) ask(object, field string) {
	if !slices.Contains(s.fields[object], field) {
		s.fields[object] = append(s.fields[object], field)
	}
}

// scanner goes through the file once.
type scanner struct {
	sample   *Sample
	projects []*spec.Project
	source   string
	dec      *json.Decoder
}

// value takes one value of the file's outermost level.
func (sc *scanner) value() error {
	tok, err := sc.dec.Token()
	if err != nil {
		return err
	}
	switch tok {
	case json.Delim('['):
		if sc.source == "" {
			return errNoObject
		}
		return sc.list(sc.source)
	case json.Delim('{'):
		return sc.object()
	default:
		return errNoRecord
	}
}

// list takes the records of an array whose bracket was read.
func (sc *scanner) list(object string) error {
	for sc.dec.More() {
		tok, err := sc.token()
		if err != nil {
			return err
		}
		if tok != json.Delim('{') {
			return errNoRecord
		}
		start := sc.dec.InputOffset() - 1
		if err := sc.record(object, start, map[string]json.RawMessage{}); err != nil {
			return err
		}
	}
	return sc.shut()
}

// object takes an object whose brace was read: one record, or lists of records by their objects.
func (sc *scanner) object() error {
	start := sc.dec.InputOffset() - 1
	first := true
	for sc.dec.More() {
		name, err := sc.name()
		if err != nil {
			return err
		}
		if _, _, named := engine.SplitObject(name); !named {
			if !first {
				return fmt.Errorf("%q must be an object of the project with an array of records", name)
			}
			return sc.plain(name, start)
		}
		first = false
		if tok, err := sc.token(); err != nil || tok != json.Delim('[') || !sc.knows(name) {
			if err != nil {
				return err
			}
			return fmt.Errorf("%q must be an object of the project with an array of records", name)
		}
		if err := sc.list(name); err != nil {
			return err
		}
	}
	if err := sc.shut(); err != nil || !first {
		return err
	}
	return sc.plainEnd(start)
}

// plain takes a record of the source whose first name was read.
func (sc *scanner) plain(name string, start int64) error {
	if sc.source == "" {
		return errNoObject
	}
	raw, err := sc.raw()
	if err != nil {
		return err
	}
	return sc.record(sc.source, start, map[string]json.RawMessage{name: raw})
}

// plainEnd takes an object that holds nothing: a record without a field.
func (sc *scanner) plainEnd(start int64) error {
	if sc.source == "" {
		return errNoObject
	}
	sc.keep(sc.source, span{start, sc.dec.InputOffset()}, nil)
	return nil
}

func (sc *scanner) knows(object string) bool {
	return slices.ContainsFunc(sc.projects, func(p *spec.Project) bool { return p.Object(object) != nil })
}

// record takes the rest of a record.
func (sc *scanner) record(object string, start int64, fields map[string]json.RawMessage) error {
	for sc.dec.More() {
		name, err := sc.name()
		if err != nil {
			return err
		}
		raw, err := sc.raw()
		if err != nil {
			return err
		}
		if slices.Contains(sc.sample.fields[object], name) {
			fields[name] = raw
		}
	}
	if err := sc.shut(); err != nil {
		return err
	}
	sc.keep(object, span{start, sc.dec.InputOffset()}, fields)
	return nil
}

// keep notes where a record stands and by what it is found.
func (sc *scanner) keep(object string, at span, fields map[string]json.RawMessage) {
	s := sc.sample
	number := len(s.records[object])
	s.records[object] = append(s.records[object], at)
	for _, name := range s.fields[object] {
		if v := scalar(fields[name]); v != "" {
			key := foundKey(object, name, v)
			s.found[key] = append(s.found[key], place{object, number})
		}
	}
}

// name takes the name of a field.
func (sc *scanner) name() (string, error) {
	tok, err := sc.token()
	name, _ := tok.(string) // of an object's field the decoder gives nothing else
	return name, err
}

// raw takes the value of a field.
func (sc *scanner) raw() (json.RawMessage, error) {
	var raw json.RawMessage
	err := sc.dec.Decode(&raw)
	return raw, midway(err)
}

// shut takes a closing bracket.
func (sc *scanner) shut() error {
	_, err := sc.token()
	return err
}

// token is the next token inside a value.
func (sc *scanner) token() (json.Token, error) {
	tok, err := sc.dec.Token()
	return tok, midway(err)
}

// midway is an error inside a value, where the file must not end.
func midway(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// wrong says where JSON stopped being JSON, without repeating what stands there.
func (sc *scanner) wrong(err error, size int64) error {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON after %d bytes: %w", syntax.Offset, err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("not JSON after %d bytes: %w", size, err)
	}
	return err
}
