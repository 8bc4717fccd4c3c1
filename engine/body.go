package engine

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// withheld is all that a Body ever shows of itself.
const withheld = "[body withheld]"

// Body is the raw JSON of one record or document. It is a child's file, so it
// formats, logs and marshals as "[body withheld]"; only Raw reveals it.
// The zero Body means "there is none".
//
// The bytes stand behind a pointer, because fmt calls no methods on unexported
// fields of other structs but prints what is in them; of a pointer it prints the address.
type Body struct{ raw *json.RawMessage }

// NewBody keeps raw, which must be valid JSON and must not be changed afterwards.
func NewBody(raw []byte) Body {
	if len(raw) == 0 {
		return Body{}
	}
	kept := json.RawMessage(raw)
	return Body{raw: &kept}
}

// Raw returns the JSON itself. Callers must not log it or put it in an error.
func (b Body) Raw() []byte {
	if b.raw == nil {
		return nil
	}
	return *b.raw
}

// Empty says whether there is no document at all.
func (b Body) Empty() bool { return b.raw == nil }

func (b Body) String() string { return withheld }

// Format withholds the body under every verb, %#v and %x included.
func (b Body) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, withheld) }

// MarshalJSON withholds the body: a struct that carries one can be stored or printed safely.
func (b Body) MarshalJSON() ([]byte, error) { return json.Marshal(withheld) }

// LogValue withholds the body from slog.
func (b Body) LogValue() slog.Value { return slog.StringValue(withheld) }

// Secret is a credential. It cannot be printed; only Reveal returns it.
type Secret struct{ text *string } // behind a pointer for the reason given at Body

// NewSecret wraps a credential.
func NewSecret(text string) Secret { return Secret{text: &text} }

// Reveal returns the credential, for the one place that sends it.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty says whether nothing was given.
func (s Secret) Empty() bool { return s.Reveal() == "" }

func (s Secret) String() string { return "[secret]" }

// Format withholds the secret under every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[secret]") }

// MarshalJSON withholds the secret.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal("[secret]") }

// LogValue withholds the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }
