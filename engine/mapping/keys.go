package mapping

import (
	"encoding/json"
	"fmt"

	"github.com/casebridge/casebridge/engine"
)

func plainText(v value) string {
	s, _ := v.plain()
	return s
}

// pair is a binding with its value. A list or a record has no text to be looked up by: an empty one would fit what it must not.
func (d *decision) pair(b binding, v value) engine.Pair {
	s, ok := v.plain()
	if !ok {
		d.fail(b.at, fmt.Sprintf("%s must be one value, and this is %s: %s", b.name, v.kind, offType))
	}
	return engine.Pair{Name: b.name, Value: s}
}

// pairs evaluates bindings; ok is false when one is blank.
func (d *decision) pairs(bindings []binding) (pairs []engine.Pair, ok bool) {
	ok = true
	for _, b := range bindings {
		v := b.code(&d.frame)
		ok = ok && !v.blank()
		pairs = append(pairs, d.pair(b, v))
	}
	return pairs, ok
}

// onceKey evaluates the bindings of a once_per; ok is false when one is blank.
func (d *decision) onceKey(bindings []binding) (key string, ok bool) {
	pairs, ok := d.pairs(bindings)
	return OnceKey(pairs), ok
}

// OnceKey writes pairs as a JSON list of names and values, so that no two keys look alike; "" when there are none.
// It is what stands in engine.Change.Once and is asked for with AskOnce.
func OnceKey(pairs []engine.Pair) string {
	if len(pairs) == 0 {
		return ""
	}
	var flat []string
	for _, p := range pairs {
		flat = append(flat, p.Name, p.Value)
	}
	key, _ := json.Marshal(flat) // texts never fail
	return string(key)
}

// OncePairs takes a key that OnceKey wrote apart again; nil for any other text.
func OncePairs(key string) (pairs []engine.Pair) {
	var flat []string
	if json.Unmarshal([]byte(key), &flat) != nil || len(flat)%2 != 0 {
		return nil
	}
	for i := 0; i < len(flat); i += 2 {
		pairs = append(pairs, engine.Pair{Name: flat[i], Value: flat[i+1]})
	}
	return pairs
}
