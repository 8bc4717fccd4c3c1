package connectortest

import (
	"slices"
	"testing"

	"github.com/casebridge/casebridge/engine"
)

func (s Suite) settings(t *testing.T) {
	seen := map[string]bool{}
	for _, setting := range s.Driver.Settings() {
		switch {
		case setting.Name == "" || seen[setting.Name]:
			t.Errorf("setting %q is nameless or stands there twice", setting.Name)
		case setting.Note == "":
			t.Errorf("setting %q has no note for people", setting.Name)
		case setting.Secret && setting.Default != "":
			t.Errorf("secret %q has a default", setting.Name)
		case setting.Required && setting.Default != "":
			t.Errorf("setting %q is required and yet has a default", setting.Name)
		}
		seen[setting.Name] = true
	}
	if s.Driver.Name() == "" {
		t.Error("the driver has no name")
	}
}

func (s Suite) objects(t *testing.T) {
	all := s.Driver.Objects()
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Name
	}
	for i := range all {
		o := &all[i]
		t.Run(o.Name, func(t *testing.T) {
			if slices.Index(names, o.Name) != i || o.Name == "" || o.Note == "" {
				t.Error("needs a name of its own and a note")
			}
			if o.Of != "" && !slices.Contains(names, o.Of) {
				t.Errorf("belongs to %q, which the driver does not have", o.Of)
			}
			fields(t, o.Fields, o.Name)
			references(t, o)
			promises(t, o)
		})
	}
}

// fields checks names, types and rows of a list of fields.
func fields(t *testing.T, list []engine.Field, of string) {
	t.Helper()
	types := []engine.Type{engine.Text, engine.Integer, engine.Number, engine.Boolean, engine.Date, engine.Instant,
		engine.CodeOne, engine.CodeMany, engine.Texts, engine.Rows, engine.Any}
	for i := range list {
		f := &list[i]
		path := of + "." + f.Name
		if f.Name == "" || engine.FieldNamed(list, f.Name) != f {
			t.Errorf("%s: nameless, or there twice", path)
		}
		if !slices.Contains(types, f.Type) {
			t.Errorf("%s: type %q is none", path, f.Type)
		}
		if f.ReadOnly && f.Required {
			t.Errorf("%s: required on a write that never takes it", path)
		}
		if (f.Type == engine.Rows) != (len(f.Fields) > 0) {
			t.Errorf("%s: rows have columns, and nothing else has", path)
		}
		if f.RowKey != "" && engine.FieldNamed(f.Fields, f.RowKey) == nil {
			t.Errorf("%s: its rows have no column %q", path, f.RowKey)
		}
		fields(t, f.Fields, path)
	}
}

// references checks that an object names only fields that it has.
func references(t *testing.T, o *engine.Object) {
	t.Helper()
	for what, name := range map[string]string{"ID": o.ID, "Named": o.Named} {
		if name != "" && o.Field(name) == nil {
			t.Errorf("%s names %q, which is no field", what, name)
		}
	}
	for _, by := range o.By {
		if o.Field(by) == nil {
			t.Errorf("By names %q, which is no field", by)
		}
	}
}

// promises checks that the facts fit together.
func promises(t *testing.T, o *engine.Object) {
	t.Helper()
	if o.Listed && (o.Grain == "" || o.Mark == "" || o.Named == "") {
		t.Error("is listed: needs Grain, Mark and Named")
	}
	if o.Window && !o.Listed {
		t.Error("has a window and is not listed")
	}
	if o.Can(engine.UpdateVerb) && o.ID == "" {
		t.Error("can be updated and has no ID")
	}
	if o.Can(engine.SendVerb) && (o.Can(engine.CreateVerb) || o.Can(engine.UpdateVerb)) && !o.Open {
		t.Error("is sent, so it cannot be read back, and yet is created or updated")
	}
	if o.Reference && len(o.Verbs) > 0 {
		t.Error("is looked up once per run and yet is written")
	}
	if len(o.Verbs) == 0 && o.Batch > 1 {
		t.Error("has a batch and is not written")
	}
}

func (s Suite) unknownObject(t *testing.T) {
	conn := s.open(t, nil)
	const none = "no-such-object"
	failed := false
	for _, err := range conn.Reader().Read(t.Context(), engine.Query{Object: none}) {
		isFault(t, err)
		failed = true
	}
	if !failed {
		t.Error("reading an unknown object gives nothing instead of a fault")
	}
	_, err := conn.Reader().Find(t.Context(), engine.Lookup{Object: none, By: "id", Values: []string{"1"}})
	isFault(t, err)
	got := conn.Writer().Write(t.Context(), []engine.Change{{Object: s.Connection + "." + none, Verdict: engine.Create, Document: engine.NewBody([]byte(`{}`))}})
	if len(got) != 1 || got[0].State == engine.Done || got[0].Fault == nil {
		t.Error("writing an unknown object is not refused")
	}
}
