// Package examples_test holds every project under examples to its promises: it
// is sound, its own tests pass, and a second run writes nothing. It does not
// start the program; what the commands print is tested where they stand.
package examples_test

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/casebridge/casebridge/connectors"
	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/spectest"
	"github.com/casebridge/casebridge/engine/store"
)

func TestExamples(t *testing.T) {
	dirs := projects(t)
	if len(dirs) == 0 {
		t.Fatal("there is no example")
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			project, program := compiled(t, dir)
			passes(t, project, program)
			writesOnce(t, dir, project, program)
		})
	}
}

// projects lists the directories that hold a project.yaml.
func projects(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "project.yaml" {
			dirs = append(dirs, filepath.Dir(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

func compiled(t *testing.T, dir string) (*spec.Project, *mapping.Program) {
	t.Helper()
	project, found := spec.LoadFrom(directory(dir), connectors.All())
	sound(t, found)
	program, found := mapping.Compile(project)
	sound(t, found)
	return project, program
}

// directory is a project on disk, from which others can be reached.
func directory(dir string) spec.Place {
	return spec.Place{Files: os.DirFS(dir), Outside: func(other string) (spec.Place, error) {
		_, err := os.Stat(filepath.Join(dir, other))
		return directory(filepath.Join(dir, other)), err
	}}
}

// sound wants no finding at all: an example has no warnings either.
func sound(t *testing.T, found []engine.Diag) {
	t.Helper()
	var text bytes.Buffer
	for _, d := range found {
		if err := d.Print(&text); err != nil {
			t.Fatal(err)
		}
	}
	if text.Len() > 0 {
		t.Fatalf("findings:\n%s", text.String())
	}
}

// passes runs the project's own tests and wants every rule in one of them.
func passes(t *testing.T, project *spec.Project, program *mapping.Program) {
	t.Helper()
	report := spectest.Run(project, program, "")
	var text bytes.Buffer
	if err := report.Print(&text); err != nil {
		t.Fatal(err)
	}
	if report.Failed() > 0 || len(report.Cases) == 0 {
		t.Errorf("its own tests:\n%s", text.String())
	}
	for _, i := range report.Idle {
		t.Errorf("%s: no test reaches %s", i.At, i.What)
	}
}

// writesOnce plans, runs and runs again over a copy of the example's data.
func writesOnce(t *testing.T, dir string, project *spec.Project, program *mapping.Program) {
	t.Helper()
	work := t.TempDir()
	if err := os.CopyFS(work, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	before := contents(t, work)
	w := open(t, work, project)
	if n := w.plan(t, program); n == 0 {
		t.Error("the plan has nothing to write")
	}
	if contents(t, work) != before {
		t.Error("the plan changed the data")
	}
	if n := w.run(t, program); n == 0 {
		t.Error("the first run wrote nothing")
	}
	after := contents(t, work)
	if after == before {
		t.Error("the first run left the data as it was")
	}
	if n := w.run(t, program); n != 0 {
		t.Errorf("the second run wrote %d times", n)
	}
	if contents(t, work) != after {
		t.Error("the second run changed the data")
	}
}

// contents is all that the data files of a copy hold.
func contents(t *testing.T, work string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(work, "data", "*.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(filepath.Base(name) + "\n")
		all.Write(text)
	}
	return all.String()
}

// world is one installation of an example.
type world struct {
	project *spec.Project
	readers map[string]engine.Reader
	writers map[string]engine.Writer
	options store.Options
	now     time.Time // later in each pass: what depends on the moment alone must not be written again
}

// settings are the parts of an example's settings.conf that its connections need.
type settings struct {
	Connections map[string]map[string]string `yaml:"connections"`
}

func open(t *testing.T, work string, project *spec.Project) *world {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(work, "settings.conf"))
	if err != nil {
		t.Fatal(err)
	}
	var s settings
	if err := yaml.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	w := &world{
		project: project, readers: map[string]engine.Reader{}, writers: map[string]engine.Writer{},
		now: time.Date(2026, time.November, 22, 5, 0, 0, 0, time.UTC),
	}
	w.options = store.Options{Path: filepath.Join(t.TempDir(), "store.db"), Project: project.Name.Text, Key: bytes.Repeat([]byte{7}, 32), Now: w.clock}
	for _, c := range project.Drivers {
		w.connect(t, c, s.Connections[c.Name.Text], work)
	}
	return w
}

// connect opens one connection; its paths are seen from the copy.
func (w *world) connect(t *testing.T, c spec.ConnectionSpec, paths map[string]string, work string) {
	t.Helper()
	values := map[string]string{}
	for name, path := range paths {
		values[name] = filepath.Join(work, path)
	}
	for _, d := range connectors.All() {
		if d.Name() != c.Driver.Text {
			continue
		}
		conn, err := d.Open(engine.Opening{Connection: c.Name.Text, Settings: engine.NewSettings(values), Now: w.clock, Log: slog.New(slog.DiscardHandler)})
		if err == nil {
			err = conn.Check(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		})
		w.readers[c.Name.Text], w.writers[c.Name.Text] = conn.Reader(), conn.Writer()
	}
}

func (w *world) clock() time.Time { return w.now }

// plan says how much would be written.
func (w *world) plan(t *testing.T, program *mapping.Program) int {
	t.Helper()
	return w.pass(t, program, store.Scratch, func(job reconcile.Job) (reconcile.Summary, error) {
		return reconcile.Plan(t.Context(), job)
	})
}

// run says how much was written.
func (w *world) run(t *testing.T, program *mapping.Program) int {
	t.Helper()
	return w.pass(t, program, store.Open, func(job reconcile.Job) (reconcile.Summary, error) {
		return reconcile.Run(t.Context(), job, w.writers)
	})
}

// pass goes over the flows of the schedule, in its order.
func (w *world) pass(t *testing.T, program *mapping.Program, openStore storeOpener, do func(reconcile.Job) (reconcile.Summary, error)) int {
	t.Helper()
	w.now = w.now.Add(time.Hour)
	st, err := openStore(t.Context(), w.options)
	if err != nil {
		t.Fatal(err)
	}
	writes := 0
	for _, name := range w.project.Schedule.Run {
		flow := program.Flow(name.Text)
		sum, err := do(reconcile.Job{
			Project: w.project, Flow: flow, Readers: w.readers, Store: st, Limits: flow.Spec().Limits,
			Now: w.clock, Log: slog.New(slog.DiscardHandler), Who: "test",
		})
		if err != nil || sum.State != reconcile.EndedDone && sum.State != reconcile.EndedPartial {
			t.Errorf("%s ended %s: %v", name.Text, sum.State, err)
		}
		writes += sum.Writes()
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	return writes
}

type storeOpener func(context.Context, store.Options) (*store.Store, error)
