package rest_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

func elements(t *testing.T, text, array string, limit int) ([]string, error) {
	t.Helper()
	s, err := rest.Spool(iotest.OneByteReader(strings.NewReader(text)), t.TempDir(), 0)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var got []string
	for raw, err := range s.Elements(array, limit) {
		if err != nil {
			return got, err
		}
		got = append(got, string(raw))
	}
	return got, nil
}

func TestElementsOfAnArray(t *testing.T) {
	for _, tc := range []struct{ name, text, array, want string }{
		{"plain", `{"data":[{"a":1},{"b":[2,"]"]}],"meta":{"n":2}}`, "data", `{"a":1}|{"b":[2,"]"]}`},
		{"after others", ` {"meta":{"data":[9]}, "n" : -1.5e3, "s":"\"[{", "data" : [ 1 , "x,y" , null,true ] } ` + "\n", "data", `1|"x,y"|null|true`},
		{"escaped key", `{"\u0064ata":[1]}`, "data", `1`},
		{"empty", `{"data":[]}`, "data", ``},
		{"bare", `[1,[2],{"x":"\\"}]`, "", `1|[2]|{"x":"\\"}`},
		{"empty bare", ` [ ] `, "", ``},
	} {
		got, err := elements(t, tc.text, tc.array, 100)
		if err != nil || strings.Join(got, "|") != tc.want {
			t.Errorf("%s: %q %v", tc.name, got, err)
		}
	}
}

func TestBrokenAnswersAreFaults(t *testing.T) {
	whole := `{"data":[{"a":1},{"b":"` + canary + `"}],"meta":{"n":2}}`
	for i := range len(whole) {
		if _, err := elements(t, whole[:i], "data", 100); err == nil {
			t.Errorf("cut after %d bytes and nobody noticed", i)
		} else {
			fault(t, err)
		}
	}
	for _, text := range []string{
		`{"other":[1]}`, `{"data":null}`, `{"data":{}}`, `{"data":"x"}`, `{"data":[1,]}`, `{"data":[,1]}`, `{"data":[1 2]}`, `{"data":[{"a":}]}`,
		`{"data":[tru]}`, `{"data":[1]} x`, `{"data":[1],}`, `{data:[1]}`, `{"data":[}]}`, `<html>`,
		`{"data":[` + strings.Repeat("1", 500) + `]}`,
	} {
		_, err := elements(t, text, "data", 20000)
		if err == nil {
			t.Errorf("%.40s: no fault", text)
		} else if f := fault(t, err); f.Kind != engine.Transient {
			t.Errorf("%.40s: %v", text, f)
		}
	}
}

// What is too large or too deep spoils itself, not what stands beside it.
func TestSpoiltElements(t *testing.T) {
	for name, c := range map[string]struct{ text, kept string }{
		"too large":    {`{"slug":"b","name":"` + strings.Repeat("x", 1<<20) + `"}`, `{"slug":"b","name":"xxx`},
		"too deep":     {`{"slug":"b","d":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, `{"slug":"b","d":[[[`},
		"deep objects": {strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000), `{"a":{"a":`},
	} {
		s, err := rest.Spool(strings.NewReader(`{"data":[{"a":1},`+c.text+`,{"z":1}]}`), t.TempDir(), 0)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for raw, err := range s.Elements("data", 5000) {
			switch {
			case err == nil:
				got = append(got, string(raw))
			case !rest.Spoilt(err) || !strings.HasPrefix(string(raw), c.kept) || len(raw) > 5000:
				t.Errorf("%s: %v", name, err)
			default:
				got = append(got, "spoilt")
			}
		}
		if text := strings.Join(got, "|"); text != `{"a":1}|spoilt|{"z":1}` {
			t.Errorf("%s: %.200s", name, text)
		}
		_ = s.Close()
	}
}

func TestSpoolIsEncryptedAndGone(t *testing.T) {
	dir := t.TempDir()
	s, err := rest.Spool(strings.NewReader(`{"data":["`+strings.Repeat(canary, 10000)+`"]}`), dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	// Where the system unlinks open files the folder is empty already; elsewhere the file must not be readable.
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		raw, _ := os.ReadFile(dir + "/" + e.Name())
		if bytes.Contains(raw, []byte(canary)) {
			t.Error("the spool is in the clear")
		}
	}
	for range 2 { // it can be read again
		n := 0
		for _, err := range s.Elements("data", 1<<20) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 1 {
			t.Fatalf("%d records", n)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Error("the file is still there")
	}
	for _, err := range s.Elements("data", 10) {
		fault(t, err)
	}
}

func TestSpoolLimits(t *testing.T) {
	if _, err := rest.Spool(strings.NewReader(strings.Repeat(" ", 100)), t.TempDir(), 50); err == nil {
		t.Error("more than allowed was kept")
	}
	// What cannot become a list is not kept at all.
	for _, text := range []string{"<html>", "\xef\xbb\xbf[]", strings.Repeat(" ", 1<<20) + "[]", "\x00"} {
		counted := &countingReader{in: strings.NewReader(text + strings.Repeat(" ", 10<<20))}
		if _, err := rest.Spool(counted, t.TempDir(), 0); engine.KindOf(err) != engine.Transient || counted.n > 1<<20 {
			t.Errorf("%.10q: %v after %d bytes", text, err, counted.n)
		}
	}
	_, err := rest.Spool(strings.NewReader("[]"), t.TempDir()+"/none", 0)
	if f := fault(t, err); f.Kind != engine.Environment {
		t.Errorf("%v", f)
	}
	if _, err := rest.Spool(iotest.ErrReader(io.ErrUnexpectedEOF), t.TempDir(), 0); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
}

func TestClientSpoolsAndRepeats(t *testing.T) {
	var asked atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch asked.Add(1) {
		case 1:
			_, _ = io.WriteString(w, "<html>")
		case 2: // cut off
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"data":[`)
		case 3:
			w.WriteHeader(500)
		default:
			_, _ = io.WriteString(w, `{"data":[1,2]}`)
		}
	})
	dir := t.TempDir()
	spooled, err := client(t, s.URL, nil).Spool(t.Context(), rest.Request{Op: "read", Path: "/x"}, dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range spooled.Elements("data", 10) {
		n++
	}
	if n != 2 || asked.Load() != 4 {
		t.Errorf("%d records after %d requests", n, asked.Load())
	}
	_ = spooled.Close()
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Error("files are left")
	}
}

func TestSpoolStopsEarly(t *testing.T) {
	s, err := rest.Spool(strings.NewReader(`[1,2,3`), t.TempDir(), 0) // cut, but nobody gets that far
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for raw, err := range s.Elements("", 10) {
		if err != nil || string(raw) != "1" {
			t.Fatal(string(raw), err)
		}
		break
	}
}

func FuzzSpool(f *testing.F) {
	for _, seed := range []string{`{"data":[{"a":1},"x"]}`, `{"x":{"data":[1]},"data":[]}`, `{"data":[1,`, `[1]`, `{"data":[[[]]]} `, `{"\u0064ata":[null]}`} {
		f.Add([]byte(seed))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := rest.Spool(bytes.NewReader(text), dir, 0)
		if err != nil {
			fault(t, err)
			return
		}
		defer s.Close()
		var got []string
		failed := false
		for raw, err := range s.Elements("data", 1<<16) {
			if rest.Spoilt(err) {
				got = append(got, "spoilt")
				continue
			}
			if err != nil {
				if engine.KindOf(err) == "" {
					t.Fatalf("not a fault: %v", err)
				}
				failed = true
				break
			}
			if !gjson.ValidBytes(raw) {
				t.Fatalf("gave what is not JSON: %q", raw)
			}
			got = append(got, string(raw))
		}
		if failed || !gjson.ValidBytes(text) {
			return // what follows the array is skipped, not judged
		}
		var want []string
		gjson.GetBytes(text, "data").ForEach(func(_, v gjson.Result) bool { want = append(want, v.Raw); return true })
		if len(want) != len(got) {
			t.Fatalf("%d elements, want %d: %q", len(got), len(want), text)
		}
	})
}

func BenchmarkElements(b *testing.B) {
	var text bytes.Buffer
	text.WriteString(`{"data":[`)
	for i := range 1000 {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(`{"id":` + strconv.Itoa(i) + `,"name":"` + strings.Repeat("n", 800) + `"}`)
	}
	text.WriteString(`]}`)
	s, err := rest.Spool(&text, b.TempDir(), 0)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	b.SetBytes(s.Size())
	for b.Loop() {
		for range s.Elements("data", 1<<20) {
		}
	}
}

// countingReader counts what was read of it.
type countingReader struct {
	in io.Reader
	n  int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += n
	return n, err
}
