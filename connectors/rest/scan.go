package rest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/connectors/strictjson"
	"github.com/casebridge/casebridge/engine"
)

var (
	errDeep     = errors.New("the answer is nested too deeply")
	errNoArray  = errors.New("the answer does not hold the list that was asked for")
	errLongItem = errors.New("it is larger than allowed")
)

// spoilt marks the cause of one element that cannot be used; the elements after it can.
type spoilt struct{ cause error }

func (s *spoilt) Error() string { return s.cause.Error() }
func (s *spoilt) Unwrap() error { return s.cause }

// Spoilt says whether an error of Elements is about that one element only.
func Spoilt(err error) bool {
	var s *spoilt
	return errors.As(err, &s)
}

// nesting follows the structure of a JSON text, byte by byte.
type nesting struct {
	depth             int
	inString, escaped bool
}

// step takes the next byte; ended is true when a value that began with a bracket or a quote is complete.
func (n *nesting) step(c byte) (ended bool) {
	switch {
	case n.escaped:
		n.escaped = false
		return false
	case n.inString && c == '\\':
		n.escaped = true
		return false
	case c == '"':
		n.inString = !n.inString
	case n.inString:
		return false
	case c == '{' || c == '[':
		n.depth++
	case c == '}' || c == ']':
		n.depth--
	}
	return n.depth == 0 && !n.inString
}

// checkJSON says whether raw is one valid JSON value of sane depth.
func checkJSON(raw []byte) error {
	var n nesting
	for _, c := range raw {
		n.step(c)
		if n.depth > strictjson.MaxDepth {
			return errDeep
		}
	}
	if !gjson.ValidBytes(raw) {
		return errNotJSON
	}
	return nil
}

// scanner walks a JSON text of any length and keeps only one element of it.
type scanner struct {
	in     *bufio.Reader
	max    int
	kept   []byte
	spoilt error // why the last value is not kept whole
}

// give takes one element and says whether to go on. Of a spoilt one it gets the beginning and why.
type give func(raw []byte, spoilt error) bool

// elements calls give for each element of the array under this name, "" for the text itself.
// It returns nil when the text was read to its end or give said stop.
func (s *scanner) elements(array string, give give) error {
	if array == "" {
		_, err := s.list(give, true)
		return err
	}
	if err := s.expect('{'); err != nil {
		return err
	}
	found := false
	for first := true; ; first = false {
		key, more, err := s.key(first)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if key == array && !found {
			found = true
			if goOn, err := s.list(give, false); err != nil || !goOn {
				return err
			}
			continue
		}
		if err := s.value(false); err != nil {
			return err
		}
	}
	if !found {
		return broken(errNoArray)
	}
	return s.end()
}

// list gives the elements of the array that follows; goOn is false when give said stop.
func (s *scanner) list(give give, whole bool) (goOn bool, err error) {
	if c, err := s.peek(); err == nil && c != '[' {
		return false, broken(errNoArray)
	}
	if err := s.expect('['); err != nil {
		return false, err
	}
	for first := true; ; first = false {
		more, err := s.next(first, ']')
		if err != nil {
			return false, err
		}
		if !more {
			break
		}
		if err := s.value(true); err != nil {
			return false, err
		}
		if s.spoilt == nil && !gjson.ValidBytes(s.kept) {
			return false, broken(errNotJSON)
		}
		if !give(bytes.Clone(s.kept), s.spoilt) {
			return false, nil
		}
	}
	if whole {
		return true, s.end()
	}
	return true, nil
}

// key reads `"name":` of the object that is being walked; more is false at its end.
func (s *scanner) key(first bool) (name string, more bool, err error) {
	if more, err = s.next(first, '}'); err != nil || !more {
		return "", false, err
	}
	if c, err := s.peek(); err != nil || c != '"' {
		return "", false, cutOr(err, errNotJSON)
	}
	if err := s.value(true); err != nil {
		return "", false, err
	}
	if s.spoilt != nil {
		return "", false, broken(errNotJSON)
	}
	if json.Unmarshal(s.kept, &name) != nil {
		return "", false, broken(errNotJSON)
	}
	return name, true, s.expect(':')
}

// next steps over the comma before a member; more is false when the closing byte stands there.
func (s *scanner) next(first bool, closing byte) (more bool, err error) {
	c, err := s.peek()
	if err != nil {
		return false, cutOr(err, errNotJSON)
	}
	if c == closing {
		_, _ = s.in.ReadByte()
		return false, nil
	}
	if first {
		return true, nil
	}
	if err := s.expect(','); err != nil {
		return false, err
	}
	if c, err := s.peek(); err != nil || c == closing {
		return false, cutOr(err, errNotJSON)
	}
	return true, nil
}

// value reads one value of any kind, keeping its bytes if keep. One that is too long or too deep is
// read to its end all the same, and spoilt: only its beginning is kept.
func (s *scanner) value(keep bool) error {
	s.kept, s.spoilt = s.kept[:0], nil
	c, err := s.peek()
	if err != nil {
		return cutOr(err, errNotJSON)
	}
	if c != '{' && c != '[' && c != '"' {
		return s.word(keep)
	}
	var n nesting
	for ended := false; !ended; {
		c, err := s.in.ReadByte()
		if err != nil {
			return cutOr(err, errNotJSON)
		}
		if ended = n.step(c); n.depth > strictjson.MaxDepth && s.spoilt == nil {
			s.spoilt = &spoilt{strictjson.ErrDeep}
		}
		switch {
		case !keep || s.spoilt != nil:
		case len(s.kept) >= s.max:
			s.spoilt = &spoilt{errLongItem}
		default:
			s.kept = append(s.kept, c)
		}
	}
	return nil
}

// word reads a number, true, false or null.
func (s *scanner) word(keep bool) error {
	for n := 0; n < 64; n++ {
		c, err := s.in.ReadByte()
		if errors.Is(err, io.EOF) || err == nil && (isSpace(c) || c == ',' || c == ']' || c == '}') {
			if err == nil {
				_ = s.in.UnreadByte()
			}
			if n == 0 {
				break
			}
			return nil
		}
		if err != nil {
			return cutOr(err, errNotJSON)
		}
		if keep {
			s.kept = append(s.kept, c)
		}
	}
	return broken(errNotJSON)
}

// expect steps over white space and one given byte.
func (s *scanner) expect(want byte) error {
	c, err := s.peek()
	if err != nil || c != want {
		return cutOr(err, errNotJSON)
	}
	_, _ = s.in.ReadByte()
	return nil
}

// peek steps over white space and shows the byte after it.
func (s *scanner) peek() (byte, error) {
	for {
		c, err := s.in.ReadByte()
		if err != nil {
			return 0, err
		}
		if !isSpace(c) {
			return c, s.in.UnreadByte()
		}
	}
}

// end makes sure that nothing follows.
func (s *scanner) end() error {
	if _, err := s.peek(); !errors.Is(err, io.EOF) {
		return broken(errNotJSON)
	}
	return nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// cutOr is errCut when reading ended, else the other cause.
func cutOr(err, otherwise error) *engine.Fault {
	if err != nil {
		return broken(errCut)
	}
	return broken(otherwise)
}

// broken is a fault of an answer that arrived but cannot be used.
func broken(cause error) *engine.Fault {
	return &engine.Fault{Kind: engine.Transient, Op: "read answer", Err: cause}
}
