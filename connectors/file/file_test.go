package file_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/connectortest"
	"github.com/casebridge/casebridge/connectors/file"
	"github.com/casebridge/casebridge/engine"
)

// open opens a connection named east to files in a folder of its own, which settings call DIR.
func open(t *testing.T, settings map[string]string, contents map[string]string) (engine.Connection, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range contents {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	values := map[string]string{}
	for k, v := range settings {
		values[k] = strings.Replace(v, "DIR", dir, 1)
	}
	conn, err := file.Driver{}.Open(engine.Opening{Connection: "east", Settings: engine.NewSettings(values), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return conn, dir
}

func bodies(t *testing.T, conn engine.Connection, q engine.Query) (string, error) {
	t.Helper()
	q.Object = "record"
	var all []string
	for r, err := range conn.Reader().Read(t.Context(), q) {
		if err != nil {
			return strings.Join(all, "|"), err
		}
		all = append(all, string(r.Body.Raw()))
	}
	return strings.Join(all, "|"), nil
}

func faultOf(t *testing.T, err error) *engine.Fault {
	t.Helper()
	var f *engine.Fault
	if !errors.As(err, &f) {
		t.Fatalf("want a *engine.Fault, got %v", err)
	}
	return f
}

func change(verdict engine.Verdict, object, target, document string) engine.Change {
	return engine.Change{Object: "east." + object, Verdict: verdict, Target: target, Document: engine.NewBody([]byte(document))}
}

func TestConformance(t *testing.T) {
	var text strings.Builder
	for i := range 9 {
		fmt.Fprintf(&text, `{"id":"r-%d","external_id":"x-%d","name":"N"}`+"\n", i, i)
	}
	connectortest.Run(t, connectortest.Suite{
		Driver: file.Driver{}, Connection: "east", Local: true,
		Open: func(t *testing.T, _ http.RoundTripper) engine.Connection {
			conn, _ := open(t, map[string]string{"write": "DIR/people.ndjson", "outbox": "DIR/sent.ndjson"}, map[string]string{"people.ndjson": text.String()})
			return conn
		},
		Known: []connectortest.Known{
			{Object: "record", Listed: 9, Named: "r-4", Lookups: []connectortest.Lookup{
				{By: "id", Present: []string{"r-0", "r-8"}, Absent: "s"}, {By: "external_id", Present: []string{"x-0", "x-3"}, Absent: "y"},
			}, Changes: func(*testing.T) []engine.Change {
				return []engine.Change{change(engine.Create, "record", "", `{"id":"new","name":"A"}`), change(engine.Update, "record", "r-1", `{"name":"B"}`)}
			}},
			{Object: "message", Changes: func(*testing.T) []engine.Change {
				return []engine.Change{change(engine.Send, "message", "", `{"text":"hello"}`)}
			}},
		},
	})
}

func TestReadsLinesArraysAndFolders(t *testing.T) {
	want := `{"id":"1","a":[1, 2]}|{"id":2}`
	for name, contents := range map[string]map[string]string{
		"one.ndjson": {"one.ndjson": `{"id":"1","a":[1, 2]}` + "\n" + `{"id":2}` + "\n"},
		"one.json":   {"one.json": "  [\n {\"id\":\"1\",\"a\":[1, 2]} , {\"id\":2}\n]\n"},
		"":           {"b.ndjson": `{"id":2}`, "a.json": `[{"id":"1","a":[1, 2]}]`, "notes.txt": "not read"},
	} {
		conn, _ := open(t, map[string]string{"read": "DIR/" + name}, contents)
		if got, err := bodies(t, conn, engine.Query{}); err != nil || got != want {
			t.Errorf("%q: %s %v", name, got, err)
		}
		if err := conn.Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for _, text := range []string{"", "[]", " \n"} {
		conn, _ := open(t, map[string]string{"read": "DIR/x.json"}, map[string]string{"x.json": text})
		if got, err := bodies(t, conn, engine.Query{}); err != nil || got != "" {
			t.Errorf("%q: %s %v", text, got, err)
		}
	}
}

func TestReadsStandardInput(t *testing.T) {
	for text, want := range map[string]string{"{\"id\":1}\n{\"id\":2}": `{"id":1}|{"id":2}`, `[{"id":1}]`: `{"id":1}`} {
		conn, err := file.Driver{}.Open(engine.Opening{Connection: "east", Settings: engine.NewSettings(map[string]string{"read": "-"}), Stdin: strings.NewReader(text)})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := bodies(t, conn, engine.Query{}); err != nil || got != want {
			t.Errorf("%s %v", got, err)
		}
	}
}

func TestBrokenFilesAreFaults(t *testing.T) {
	for _, text := range []string{`{"id":1`, `{"id":1} x`, `[{"id":1}`, `[{"id":1},]`, `[{"id":1}] {}`, `[1]`, `"x"`, `{"name":"canary"}`, `{"id":null}`, strings.Repeat(`{"id":`, 20000)} {
		conn, _ := open(t, map[string]string{"read": "DIR/x.ndjson"}, map[string]string{"x.ndjson": text})
		_, err := bodies(t, conn, engine.Query{})
		if f := faultOf(t, err); f.Kind != engine.Environment || strings.Contains(f.Error(), "canary") {
			t.Errorf("%.20s: %v", text, f)
		}
		if conn.Check(t.Context()) == nil {
			t.Errorf("%.20s: check found nothing", text)
		}
	}
	conn, _ := open(t, map[string]string{"read": "DIR/none.ndjson"}, nil)
	_, err := bodies(t, conn, engine.Query{})
	faultOf(t, err)
}

// A fault says which connection it is about, and the line on which the record begins.
func TestFaultsNameConnectionAndLine(t *testing.T) {
	for name, c := range map[string]struct {
		text, line, what string
	}{
		"cut":             {`{"id":1}` + "\n" + `{"id":2}` + "\n\n" + `{"id":"canary` + "\n", "4", "no JSON object"},
		"same line":       {`{"id":1}` + "\n" + `{"id":2} canary`, "2", "no JSON object"},
		"no id":           {`{"id":1}` + "\n" + `{"name":"canary"}` + "\n" + `{"id":3}`, "2", "no id"},
		"in an array":     {"[\n" + ` {"id":1},` + "\n" + `  {"name":"canary"}` + "\n]", "3", "no id"},
		"after a comma":   {"[\n" + ` {"id":1},` + "\n\n" + `  7` + "\n]", "4", "no JSON object"},
		"array left open": {"[\n" + ` {"id":1}` + "\n", "3", "no JSON object"},
		"a field twice":   {`{"id":1}` + "\n" + `{"id":2,"name":"canary","name":"canary"}`, "2", "twice"},
		"no text":         {"{\"id\":1,\"name\":\"\xff\"}", "1", "UTF-8"},
		"half a letter":   {`{"id":1,"name":"\ud800"}`, "1", "surrogate"},
		"deep":            {`{"id":1}` + "\n" + `{"id":2,"d":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}", "2", "deep"},
	} {
		conn, dir := open(t, map[string]string{"read": "DIR/x.ndjson"}, map[string]string{"x.ndjson": c.text})
		_, err := bodies(t, conn, engine.Query{})
		want := "read records of east " + filepath.Join(dir, "x.ndjson") + ":" + c.line + ": "
		if text := faultOf(t, err).Error(); !strings.HasPrefix(text, want) || !strings.Contains(text, c.what) || strings.Contains(text, "canary") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestFaultsOfStandardInputNameTheRecord(t *testing.T) {
	for text, want := range map[string]string{`{"id":1}{"id":1}`: "record 2: its id came before", `{"id":1} {"name":"canary"}`: "record 2: the record that begins here has no id", `[`: "record 1: no JSON"} {
		conn, err := file.Driver{}.Open(engine.Opening{Connection: "east", Settings: engine.NewSettings(map[string]string{"read": "-"}), Stdin: strings.NewReader(text)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = bodies(t, conn, engine.Query{})
		if got := faultOf(t, err).Error(); !strings.Contains(got, "read records of east standard input, "+want) {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func TestLaterLinesChangeARecord(t *testing.T) {
	conn, dir := open(t, map[string]string{"write": "DIR/people.ndjson"}, nil)
	if got, err := bodies(t, conn, engine.Query{}); err != nil || got != "" {
		t.Fatalf("a file that is not there yet: %s %v", got, err)
	}
	for _, c := range []engine.Change{
		change(engine.Create, "record", "", `{"id":"a","name":"N","tags":["x","y"],"rows":[{"id":1,"v":1},{"id":2,"v":2}]}`),
		change(engine.Create, "record", "b", `{"external_id":"old"}`),
		change(engine.Update, "record", "a", `{"name":null,"tags":["z"],"rows":[{"id":2,"w":3},{"id":3}],"more":true}`),
		change(engine.Update, "record", "b", `{"external_id":"new"}`),
	} {
		if got := conn.Writer().Write(t.Context(), []engine.Change{c}); got[0].State != engine.Done || got[0].ID == "" {
			t.Fatalf("%s %v", got[0].State, got[0].Fault)
		}
	}
	want := `{"id":"a","name":null,"tags":["z"],"rows":[{"id":1,"v":1},{"id":2,"v":2,"w":3},{"id":3}],"more":true}|{"id":"b","external_id":"new"}`
	if got, err := bodies(t, conn, engine.Query{}); err != nil || got != want {
		t.Errorf("%s %v", got, err)
	}
	for value, count := range map[string]int{"old": 0, "new": 1} {
		found, err := conn.Reader().Find(t.Context(), engine.Lookup{Object: "record", By: "external_id", Values: []string{value}})
		if err != nil || len(found) != count {
			t.Errorf("%s: %d %v", value, len(found), err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "people.ndjson"), []byte(`{"id":"c"}`), 0o600); err != nil { // replaced behind our back
		t.Fatal(err)
	}
	if got, err := bodies(t, conn, engine.Query{}); err != nil || got != `{"id":"c"}` {
		t.Errorf("%s %v", got, err)
	}
}

func TestWindowOfStampedRecords(t *testing.T) {
	conn, _ := open(t, map[string]string{"read": "DIR/x.ndjson"}, map[string]string{
		"x.ndjson": `{"id":1,"updated_at":"2026-01-01T00:00:00Z"}` + "\n" + `{"id":2,"updated_at":"2026-03-01T00:00:00.5Z"}` + "\n" + `{"id":3}`,
	})
	got, err := bodies(t, conn, engine.Query{Since: time.Date(2026, 3, 1, 0, 0, 0, 9e8, time.UTC)})
	if err != nil || strings.Count(got, "|") != 1 || strings.Contains(got, `"id":1,`) {
		t.Errorf("%s %v", got, err)
	}
}

func TestRefusedWrites(t *testing.T) {
	conn, dir := open(t, map[string]string{"write": "DIR/array.json", "read": "DIR"}, map[string]string{"array.json": `[{"id":1}]`})
	for name, c := range map[string]engine.Change{
		"no id":         change(engine.Create, "record", "", `{"name":"canary"}`),
		"other id":      change(engine.Update, "record", "a", `{"id":"b"}`),
		"no document":   change(engine.Update, "record", "a", `[]`),
		"no outbox":     change(engine.Send, "message", "", `{}`),
		"other object":  change(engine.Create, "thing", "", `{"id":1}`),
		"into an array": change(engine.Create, "record", "", `{"id":5}`),
	} {
		got := conn.Writer().Write(t.Context(), []engine.Change{c})[0]
		if got.State == engine.Done || got.State == engine.Unknown || got.Fault == nil || strings.Contains(got.Fault.Error(), "canary") {
			t.Errorf("%s: %s %v", name, got.State, got.Fault)
		}
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "array.json")); string(text) != `[{"id":1}]` {
		t.Errorf("the array was changed: %s", text)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for _, values := range []map[string]string{{}, {"read": "-", "write": "x"}, {"write": "x", "outbox": "x"}} {
		_, err := file.Driver{}.Open(engine.Opening{Settings: engine.NewSettings(values)})
		if f := faultOf(t, err); f.Kind != engine.Environment {
			t.Errorf("%v", f)
		}
	}
	conn, _ := open(t, map[string]string{"write": "DIR/none/x.ndjson"}, nil)
	faultOf(t, conn.Check(t.Context()))
}

// FuzzRead: whatever a file holds, reading it gives whole records, each of its own id, or a fault.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{`{"id":1}` + "\n" + `{"id":"a","rows":[{"id":2}]}`, `[{"id":1},{"id":1}]`, `[`, `{"id":{}}`, "\xef\xbb\xbf{}", `{"id":"\ud800"}`, `{"id":1e999}`, `[[{"id":1}]]`, `{"id":1,"id":2}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		conn, err := file.Driver{}.Open(engine.Opening{Connection: "east", Settings: engine.NewSettings(map[string]string{"read": "-"}), Stdin: strings.NewReader(text)})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for r, err := range conn.Reader().Read(t.Context(), engine.Query{Object: "record"}) {
			if err != nil {
				faultOf(t, err)
				return
			}
			if r.ID == "" || seen[r.ID] || !json.Valid(r.Body.Raw()) {
				t.Fatalf("%q", r.ID)
			}
			seen[r.ID] = true
		}
	})
}

// What is added while the file is read for something else is found afterwards, all of it.
func TestNothingAddedMeanwhileIsMissed(t *testing.T) {
	conn, _ := open(t, map[string]string{"write": "DIR/records.ndjson"}, nil)
	const rounds, each = 60, 20
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range rounds {
			changes := make([]engine.Change, each)
			for j := range changes {
				changes[j] = engine.Change{Object: "east.record", Verdict: engine.Create,
					Document: engine.NewBody(fmt.Appendf(nil, `{"id":"%d","text":%q}`, i*each+j, strings.Repeat("x", 2000)))}
			}
			for _, out := range conn.Writer().Write(context.Background(), changes) {
				if out.State != engine.Done {
					t.Errorf("%s %v", out.State, out.Fault)
				}
			}
		}
	}()
	find := func(value string) int {
		found, err := conn.Reader().Find(t.Context(), engine.Lookup{Object: "record", By: "id", Values: []string{value}})
		if err != nil {
			t.Error(err)
		}
		return len(found)
	}
	for writing := true; writing; {
		find("none")
		select {
		case <-done:
			writing = false
		default:
		}
	}
	missed := 0
	for i := range rounds * each {
		missed += 1 - find(strconv.Itoa(i))
	}
	if missed > 0 {
		t.Errorf("%d of %d records were missed", missed, rounds*each)
	}
}
