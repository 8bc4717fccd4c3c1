package spec

import (
	"strings"

	"github.com/casebridge/casebridge/engine"
)

// SplitField cuts "connection.object.field" into the object's full name and the field.
// ok is false when it is not of that form.
func SplitField(text string) (object, field string, ok bool) {
	i := strings.LastIndexByte(text, '.')
	if i < 0 {
		return "", "", false
	}
	object, field = text[:i], text[i+1:]
	_, _, ok = engine.SplitObject(object)
	return object, field, ok && field != ""
}

// checkNamed checks a "connection.object.field" that names records.
func (b *builder) checkNamed(s Scalar) {
	if s.Text == "" {
		return
	}
	object, field, ok := SplitField(s.Text)
	if !ok {
		b.faultAt(s, "wrong-value", "", "%q is not a field such as connection.object.field", s.Text)
		return
	}
	whole := s
	whole.Text = object
	if o := b.object(whole); o != nil {
		at := s
		at.At, at.Text = s.Offset(len([]rune(object))+1), field
		b.checkField(at, o.Name, o.Fields)
	}
}
