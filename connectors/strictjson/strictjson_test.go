package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	many := func(last string) string {
		var b strings.Builder
		for i := range 200 {
			fmt.Fprintf(&b, `"k%d":%d,`, i, i)
		}
		return "{" + b.String() + `"` + last + `":0}`
	}
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"plain":                        {`{"a":1,"b":[{"a":"x"},{"a":"y"}],"c":{"a":null}}`, nil},
		"a value like a key":           {`{"a":"a","b":["a","a"],"c":"a"}`, nil},
		"twice":                        {`{"a":1,"a":1}`, ErrTwice},
		"twice, with an escape":        {`{"a":1,"\u0061":2}`, ErrTwice},
		"twice, inside":                {`{"x":[1,{"b":{"a":1, "c":2 , "a" :3}}]}`, ErrTwice},
		"twice, after an inner object": {`{"a":{"b":1},"a":2}`, ErrTwice},
		"twice, empty names":           {`{"":1,"":2}`, ErrTwice},
		"many names":                   {many("k"), nil},
		"many names, one twice":        {many("k7"), ErrTwice},
		"not UTF-8":                    {"{\"a\":\"\xff\"}", ErrNotUTF8},
		"not UTF-8 in a key":           {"{\"a\xc3\":1}", ErrNotUTF8},
		"a pair":                       {`{"a":"\ud83d\ude00"}`, nil},
		"half a pair":                  {`{"a":"\ud83d"}`, ErrSurrogate},
		"half a pair, then a letter":   {`{"a":"\ud83d\u0061"}`, ErrSurrogate},
		"the other half":               {`{"a":"\uDE00"}`, ErrSurrogate},
		"a backslash before a u":       {`{"a":"\\ud83d"}`, nil},
		"NUL":                          {`{"a":"x\u0000"}`, ErrNUL},
		"deep":                         {strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth), nil},
		"deeper":                       {strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1), ErrDeep},
		"a hundred thousand deep":      {strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000), ErrDeep},
		"numbers":                      {`[1e999,12345678901234567890,-0]`, nil},
	} {
		if got := Check([]byte(c.text)); !errors.Is(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// FuzzCheck: a text that passes says the same to encoding/json as to a reader that takes the first of two fields.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{`{"a":1,"a":2}`, `{"a":{"b":[1,{"c":"\u0061"}]}}`, `{"\ud800":1}`, `["\ud83d\ude00\\u"]`, "{\"\xff\":1}", `{"a\"":1,"a\u0022":2}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			_ = Check(raw) // no panic either
			return
		}
		twice := repeats(raw)
		err := Check(raw)
		if err == nil && twice {
			t.Fatalf("two fields of one name in %q", raw)
		}
		if errors.Is(err, ErrTwice) && !twice {
			t.Fatalf("no field stands twice in %q", raw)
		}
	})
}

// repeats finds two fields of one name with the decoder's tokens.
func repeats(raw []byte) bool {
	d := json.NewDecoder(bytes.NewReader(raw))
	type frame struct {
		keys map[string]bool // nil for an array
		key  bool
	}
	var stack []frame
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) || err != nil {
			return false
		}
		top := len(stack) - 1
		if name, ok := token.(string); ok && top >= 0 && stack[top].key {
			if stack[top].keys[name] {
				return true
			}
			stack[top].keys[name], stack[top].key = true, false
			continue
		}
		switch token {
		case json.Delim('{'):
			stack = append(stack, frame{map[string]bool{}, true})
			continue
		case json.Delim('['):
			stack = append(stack, frame{})
			continue
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:top]
		}
		if top = len(stack) - 1; top >= 0 {
			stack[top].key = stack[top].keys != nil
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	raw := []byte(`{"data":[` + strings.Repeat(`{"id":"0b1e","name":"Invented Name","services":[{"uuid":"u-1","name":"Day care","notes":"some words of a length"}],"n":12},`, 2000) + `{}]}`)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if err := Check(raw); err != nil {
			b.Fatal(err)
		}
	}
}
