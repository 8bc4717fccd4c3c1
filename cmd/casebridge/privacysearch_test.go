package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// stem stands in every mark of a text field. A letter that is not ASCII makes it look
// different in most ways of writing it down.
const stem = "Markកed"

// needle is one way in which a value could be written somewhere.
type needle struct {
	how  string
	text []byte
	fold bool // small and capital letters are alike
}

// needles are the ways in which a value can stand in a log, a page, a file or a dump.
func needles(value string) []needle {
	escaped := strconv.QuoteToASCII(value)
	all := []needle{
		{"as it is", []byte(strings.ToLower(value)), true},
		{"escaped for JSON", []byte(strings.ToLower(escaped[1 : len(escaped)-1])), true},
		{"in a URL", []byte(strings.ToLower(url.QueryEscape(value))), true},
		{"in hex", []byte(hex.EncodeToString([]byte(value))), true},
		{"byte by byte", []byte(strings.Trim(fmt.Sprintf("%d", []byte(value)), "[]")), false}, // how fmt prints a []byte
		{"in UTF-16, small end first", utf16Bytes(value, binary.LittleEndian), false},
		{"in UTF-16, large end first", utf16Bytes(value, binary.BigEndian), false},
		{"in small letters, UTF-16", utf16Bytes(strings.ToLower(value), binary.LittleEndian), false},
	}
	for shift := range 3 {
		for _, coding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			all = append(all, needle{"in base64", inBase64(coding, value, shift), false})
		}
	}
	return all
}

func utf16Bytes(value string, order binary.AppendByteOrder) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(value)) {
		b = order.AppendUint16(b, unit)
	}
	return b
}

// inBase64 is what surely stands in the base64 of any text that has value at a place of this remainder by three.
func inBase64(coding *base64.Encoding, value string, shift int) []byte {
	padded := append(make([]byte, shift), value...)
	whole := len(padded) / 3 * 3
	return []byte(coding.EncodeToString(padded[:whole]))[(shift*4+2)/3:]
}

// sought is a haystack as the needles need it.
type sought struct{ plain, small []byte }

func seek(b []byte) sought { return sought{b, bytes.ToLower(b)} }

// how says in which way one of the values stands in the haystack; "" when none does.
func (s sought) how(values ...string) string {
	for _, value := range values {
		for _, n := range needles(value) {
			in := s.plain
			if n.fold {
				in = s.small
			}
			if len(n.text) > 0 && bytes.Contains(in, n.text) {
				return n.how
			}
		}
	}
	return ""
}

// The searcher finds a mark however it is written, wherever it stands, and nothing where there is none.
func TestSearcherFindsAPlantedMark(t *testing.T) {
	value := stem + "7xname_first"
	quoted := strconv.QuoteToASCII(value)
	for how, text := range map[string]string{
		"plain": value, "small": strings.ToLower(value), "capital": strings.ToUpper(value), "JSON": quoted, "capital JSON": strings.ToUpper(quoted),
		"URL": "https://host/x?name=" + url.QueryEscape(value), "path": url.PathEscape("a " + value), "hex": hex.EncodeToString([]byte("{" + value)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(value))),
		"%x": fmt.Sprintf("%x", value), "%q": fmt.Sprintf("%q", value), "%+q": fmt.Sprintf("%+q", value), "%v of bytes": fmt.Sprintf("%v", []byte(value)),
		"UTF-16": string(utf16Bytes("x"+value, binary.LittleEndian)), "UTF-16BE": string(utf16Bytes(value, binary.BigEndian)),
		"base64": base64.StdEncoding.EncodeToString([]byte(value)), "base64, 1": base64.StdEncoding.EncodeToString([]byte("x" + value)),
		"base64, 2": base64.StdEncoding.EncodeToString([]byte("xy" + value + "z")), "base64 of a URL": base64.URLEncoding.EncodeToString([]byte("1234567" + value)),
	} {
		if seek([]byte("before "+text+" after")).how(stem) == "" {
			t.Errorf("%s: not found in %q", how, text)
		}
	}
	for _, clean := range []string{"", "Marked", "marks", "nothing of the kind", stem[:4], strings.Repeat("\x00M\x00a\x00r\x00k", 9)} {
		if how := seek([]byte(clean)).how(stem); how != "" {
			t.Errorf("%q: found %s", clean, how)
		}
	}
}

// A mark in any file of a directory is found, also deep down and in the middle of binary data.
func TestSearchOfADirectoryFindsAPlantedMark(t *testing.T) {
	for _, name := range []string{"store.db", "store.db-wal", "deep/down/spool-1"} {
		h := &hideout{t: t, marks: &marks{}, temp: t.TempDir()}
		mark := h.marks.known("2013-07-19")
		path := filepath.Join(h.temp, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]bool{"clean": false, "\x00\x01\xff" + mark + "\x00": true, "x" + h.marks.text("name"): true} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if found := h.findings(h.temp); (len(found) > 0) != want {
				t.Errorf("%s with %q: %v", name, text, found)
			}
		}
	}
}
