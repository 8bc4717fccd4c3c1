package spec

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones must be there on every machine

	"github.com/casebridge/casebridge/engine"
)

func (b *builder) decodeProject(n *node) {
	p := b.project
	if p.Name.Text != "" || b.at.Line > 0 {
		kind, _ := n.entry("kind")
		b.faultOn(kind, "duplicate-name", "keep one of the two", "the project is already described in %s", b.at)
		return
	}
	b.at = n.at
	p.Name, p.Title = n.get("name").scalar(), n.get("title").string()
	p.Zone = b.zone(n.get("zone"))
	p.Schedule = Schedule{Cron: n.get("schedule").get("cron").scalar(), Run: n.get("schedule").get("run").scalars()}
	n.get("connections").each(func(name, c *node) {
		p.Drivers = append(p.Drivers, ConnectionSpec{Name: name.scalar(), Driver: c.get("driver").scalar()})
	})
	n.get("constants").each(func(name, c *node) {
		p.Constants = append(p.Constants, Constant{Name: name.scalar(), Value: c.get("value").literal(), Why: c.get("why").string()})
	})
	for _, r := range n.get("recall").list() {
		p.Recall = append(p.Recall, Recall{
			Object: r.get("object").scalar(), Key: r.get("key").scalars(),
			Keep: r.get("keep").scalars(), Sealed: r.get("sealed").scalars(),
		})
	}
}

// zone loads a time zone. Local is refused: specs mean the same on every machine.
func (b *builder) zone(n *node) *time.Location {
	if n == nil || n.shape != textShape || n.text == "" {
		return time.UTC
	}
	zone, err := time.LoadLocation(n.text)
	if err != nil || n.text == "Local" {
		b.faultOn(n, "wrong-value", "zones are called by continent and city, such as Africa/Nairobi", "there is no time zone called %q", n.text)
		return time.UTC
	}
	return zone
}

// duration reads 10m, 24h or 30d. What the schema refused is 0.
func duration(n *node) time.Duration {
	if n == nil || n.text == "" {
		return 0
	}
	unit := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[n.text[len(n.text)-1]]
	count, err := strconv.Atoi(n.text[:len(n.text)-1])
	if err != nil {
		return 0
	}
	return time.Duration(count) * unit
}

// checkProject reports what the project file alone shows.
func (b *builder) checkProject() {
	if b.at.Line == 0 {
		if b.whole {
			at := engine.Pos{File: b.project.Files[0].Path, Line: 1, Column: 1}
			b.fault(at, 1, "no-project", "add a file project.yaml that begins with kind: Project", "no file here is of kind Project")
		}
		return
	}
	b.once(scalarsOf(b.project.Drivers, func(c ConnectionSpec) Scalar { return c.Name }), "connection")
	b.oneAfterAnother(b.project.Schedule.Run)
	b.checkCron(b.project.Schedule.Cron)
	b.once(scalarsOf(b.project.Recall, func(r Recall) Scalar { return r.Object }), "recalled object")
	for _, r := range b.project.Recall {
		b.once(append(append([]Scalar{}, r.Keep...), r.Sealed...), "recalled field")
	}
}

func scalarsOf[T any](list []T, of func(T) Scalar) []Scalar {
	scalars := make([]Scalar, len(list))
	for i, v := range list {
		scalars[i] = of(v)
	}
	return scalars
}

// oneAfterAnother reports a flow that follows itself. It may stand twice with others between,
// to carry at once what those have made.
func (b *builder) oneAfterAnother(run []Scalar) {
	for i := 1; i < len(run); i++ {
		if run[i].Text == run[i-1].Text {
			b.faultAt(run[i], "duplicate-entry", "remove one of them", "the flow %q follows itself", run[i].Text)
		}
	}
}

// once reports texts that stand twice in a list.
func (b *builder) once(list []Scalar, what string) {
	seen := map[string]Scalar{}
	for _, s := range list {
		if first, ok := seen[s.Text]; ok && s.Text != "" {
			b.faultAt(s, "duplicate-entry", "remove one of them", "the %s %q already stands in line %d", what, s.Text, first.At.Line)
			continue
		}
		seen[s.Text] = s
	}
}

// namedThing is anything that other files call by its name.
type namedThing struct {
	kind string
	name Scalar
}

func (b *builder) things() []namedThing {
	var all []namedThing
	p := b.project
	for _, x := range p.Flows {
		all = append(all, namedThing{"flow", x.Name})
	}
	for _, x := range p.Mappings {
		all = append(all, namedThing{"mapping", x.Name})
	}
	for _, x := range p.Maps {
		all = append(all, namedThing{"map", x.Name})
	}
	for _, x := range p.Rules {
		all = append(all, namedThing{"rule", x.Name})
	}
	for _, x := range p.Tables {
		all = append(all, namedThing{"table", x.Name})
	}
	for _, x := range p.Snippets {
		all = append(all, namedThing{"list of steps", x.Name})
	}
	return all
}

// checkNames reports two things of one kind with one name.
func (b *builder) checkNames() {
	seen := map[string]Scalar{}
	for _, t := range b.things() {
		key := t.kind + " " + t.name.Text
		if first, ok := seen[key]; ok && t.name.Text != "" {
			b.faultAt(t.name, "duplicate-name", "rename one of the two", "the %s %q is already described in %s", t.kind, t.name.Text, first.At)
			continue
		}
		seen[key] = t.name
	}
}

// isConstant returns the name after "const.", or false.
func isConstant(n *node) (Scalar, bool) {
	if n == nil || n.shape != textShape || !strings.HasPrefix(n.text, "const.") {
		return Scalar{}, false
	}
	s := n.scalar()
	s.At = s.Offset(len("const."))
	s.Text = strings.TrimPrefix(s.Text, "const.")
	return s, true
}
