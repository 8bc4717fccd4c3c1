// Package strictjson says whether a JSON text means the same to everybody who
// reads it. Of two fields of one name one reader takes the first and the next
// the last; half a surrogate and a NUL are characters to some and errors to
// others. A record with one of these is not guessed at: whoever reads it puts
// it aside. The package parses nothing, and says nothing about valid JSON as
// such: that was checked before.
package strictjson

import (
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may stand in each other. Deeper ones serve only to
// exhaust a stack; records of people stand five or six deep.
const MaxDepth = 200

// What can be wrong with a text. The sentences hold nothing of it.
var (
	ErrTwice     = errors.New("a field stands in it twice, and nobody can say which of the two counts")
	ErrNotUTF8   = errors.New("it holds bytes that are no text (not UTF-8)")
	ErrSurrogate = errors.New("it holds half of a character (a lone surrogate)")
	ErrNUL       = errors.New("it holds a NUL character, which no system can keep")
	ErrDeep      = errors.New("it is nested too deeply")
)

// Check returns the first of the errors above that is true of raw, which must be valid JSON.
// It uses no stack, so that any depth is safe.
func Check(raw []byte) error {
	if !utf8.Valid(raw) {
		return ErrNotUTF8
	}
	var w walk
	for i := 0; i < len(raw); {
		var err error
		switch c := raw[i]; c {
		case '{', '[':
			err = w.enter(c == '{')
			i++
		case '}', ']':
			w.leave()
			i++
		case '"':
			i, err = w.text(raw, i)
		case ',':
			w.nextIsKey()
			i++
		default:
			i++
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// few is how many keys of an object are compared one by one; of more a set is made.
const few = 24

// level is an array or an object that was entered and not left.
type level struct {
	object bool
	keys   [][]byte            // as they are meant, the first few
	set    map[string]struct{} // all of them, once there are more
}

type walk struct {
	levels []level // what was left keeps its room for the next
	depth  int
	key    bool // the next text is a key
}

func (w *walk) enter(object bool) error {
	if w.depth == MaxDepth {
		return ErrDeep
	}
	if w.depth == len(w.levels) {
		w.levels = append(w.levels, level{})
	}
	l := &w.levels[w.depth]
	l.object, l.keys, l.set = object, l.keys[:0], nil
	w.depth++
	w.key = object
	return nil
}

func (w *walk) leave() {
	w.depth = max(w.depth-1, 0)
	w.key = false
}

func (w *walk) nextIsKey() { w.key = w.depth > 0 && w.levels[w.depth-1].object }

// text steps over the string that begins at i and returns what is behind it.
func (w *walk) text(raw []byte, i int) (end int, err error) {
	end, escaped := i+1, false
	for ; end < len(raw) && raw[end] != '"'; end++ {
		if raw[end] != '\\' {
			continue
		}
		escaped = true
		end++
		if end < len(raw) && raw[end] == 'u' {
			if err := checkEscape(raw[end-1:]); err != nil {
				return end, err
			}
			if first, ok := unit(raw[end-1:]); ok && first >= 0xd800 && first < 0xdc00 {
				end += 6 // the other half, which checkEscape has seen
			}
		}
	}
	end = min(end+1, len(raw))
	if !w.key {
		return end, nil
	}
	w.key = false
	return end, w.levels[w.depth-1].add(raw[i:end], escaped)
}

// add remembers the key of a member; quoted is it as it was written.
func (l *level) add(quoted []byte, escaped bool) error {
	key := quoted[1:max(1, len(quoted)-1)]
	if escaped {
		var s string
		if json.Unmarshal(quoted, &s) == nil {
			key = []byte(s)
		}
	}
	if l.set != nil {
		if _, twice := l.set[string(key)]; twice {
			return ErrTwice
		}
		l.set[string(key)] = struct{}{}
		return nil
	}
	for _, before := range l.keys {
		if string(before) == string(key) {
			return ErrTwice
		}
	}
	l.keys = append(l.keys, key)
	if len(l.keys) > few {
		l.set = make(map[string]struct{}, 4*few)
		for _, k := range l.keys {
			l.set[string(k)] = struct{}{}
		}
	}
	return nil
}

// checkEscape judges the \uXXXX that text begins with, together with the one behind it.
func checkEscape(text []byte) error {
	first, ok := unit(text)
	switch {
	case !ok:
		return nil // not valid JSON; that is not for us to say
	case first == 0:
		return ErrNUL
	case first >= 0xdc00 && first < 0xe000:
		return ErrSurrogate
	case first >= 0xd800 && first < 0xdc00:
		if second, ok := unit(text[6:]); !ok || second < 0xdc00 || second >= 0xe000 {
			return ErrSurrogate
		}
	}
	return nil
}

// unit reads the four digits of a \uXXXX.
func unit(text []byte) (n rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	for _, c := range text[2:6] {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			n = n<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			n = n<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return n, true
}
