package mapping

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// Compile checks every flow of a project against its catalogue and makes it
// ready to run. The program is nil when one of the findings is an error; they
// are sorted by place. It looks into expressions, fields, codes and names of
// steps; that references between files fit is taken from spec.Load. Compile
// reads no files and keeps p.
func Compile(p *spec.Project) (*Program, []engine.Diag) {
	c := newCompiler(p)
	program := &Program{Version: p.Version}
	for _, f := range p.Flows {
		program.Flows = append(program.Flows, c.flow(f))
	}
	if !engine.HasErrors(c.diags) {
		c.unusedShares()
	}
	diags := c.findings()
	if engine.HasErrors(diags) {
		return nil, diags
	}
	return program, diags
}

// compiler compiles a project, one flow at a time.
type compiler struct {
	project   *spec.Project
	functions map[string]*function
	objects   map[string]*objectType
	zone      *time.Location
	diags     []engine.Diag
	shared    shareUse

	// of the flow under way
	slots  int
	fields map[string][]string // used, by object
	looked []string            // objects that are looked up in systems
	inputs []input             // named in what is being compiled
}

func newCompiler(p *spec.Project) *compiler {
	c := &compiler{project: p, functions: functionsByName(), objects: map[string]*objectType{}, shared: shareUse{}, zone: cmp.Or(p.Zone, time.UTC)}
	for i := range p.Objects {
		c.addObject(&p.Objects[i])
	}
	return c
}

// addObject keeps an object under its full name, knowing itself by the short one.
func (c *compiler) addObject(o *engine.Object) {
	connection, short, _ := engine.SplitObject(o.Name)
	known := *o
	known.Name = short
	c.objects[o.Name] = &objectType{full: o.Name, connection: connection, spec: &known}
}

// object finds a catalogue object; nil after a finding.
func (c *compiler) object(word spec.Scalar) *objectType {
	o := c.objects[word.Text]
	if o == nil {
		c.unknown(word, "unknown-object", "there is no object", slices.Sorted(maps.Keys(c.objects)))
	}
	return o
}

// codeList finds the list of a field of a connection; nil when it has none.
func (c *compiler) codeList(connection, word string) *spec.CodeList {
	if word == "" {
		return nil
	}
	if l := c.project.CodeList(word); l != nil {
		return l
	}
	return c.project.CodeList(connection + "." + word)
}

func (c *compiler) newSlot() int {
	c.slots++
	return c.slots - 1
}

// use notes that a flow reads a field of an object.
func (c *compiler) use(object, field string) {
	if field != "" && !slices.Contains(c.fields[object], field) {
		c.fields[object] = append(c.fields[object], field)
	}
}

// offset is where the i-th character of a scalar stands.
func (c *compiler) offset(s spec.Scalar, i int) engine.Pos { return s.Offset(i) }

// recordOf is the shape of an object's records.
func recordOf(o *objectType) *shape {
	return &shape{form: recordForm, fields: o.spec.Fields, object: o, label: o.full, class: ""}
}

func (c *compiler) flow(f *spec.Flow) *Flow {
	c.slots, c.fields, c.looked = firstSlot, map[string][]string{}, nil
	flow := &Flow{spec: f, zone: c.zone, gate: &route{name: "gate"}}
	root := &scope{names: map[string]name{"run": {runSlot, runShape()}}}
	flow.source = c.object(f.Source.Read)
	if flow.source == nil {
		return flow
	}
	c.lookUpIn(flow.source)
	c.use(flow.source.full, flow.source.spec.Named)
	c.useRecalled(flow.source.full)
	root.names[f.Source.As.Text] = name{sourceSlot, recordOf(flow.source)}
	for _, expr := range f.Alone {
		flow.alone = append(flow.alone, (&routeCompiler{c: c, scope: root}).plain(expr))
	}
	gate := &routeCompiler{c: c, name: "gate", scope: root.child()}
	flow.gate.steps = gate.steps(f.Gate)
	for _, r := range f.Routes {
		flow.routes = append(flow.routes, c.route(r, root))
	}
	c.checkSharing(f, flow.source)
	flow.slots, flow.uses, flow.allowed = c.slots, c.reads(), c.permits(flow.source)
	return flow
}

// lookUpIn notes that records of an object are read from its system.
func (c *compiler) lookUpIn(o *objectType) {
	if !slices.Contains(c.looked, o.full) {
		c.looked = append(c.looked, o.full)
	}
	c.use(o.full, o.spec.ID)
}

// useRecalled: reading the source fills recall, so the recalled fields are read too.
func (c *compiler) useRecalled(object string) {
	for _, r := range c.project.Recall {
		if r.Object.Text == object {
			for _, field := range slices.Concat(r.Key, r.Keep, r.Sealed) {
				c.use(object, field.Text)
			}
		}
	}
}

func (c *compiler) reads() []Use {
	slices.Sort(c.looked)
	var uses []Use
	for _, object := range c.looked {
		uses = append(uses, Use{Object: object, Fields: slices.Sorted(slices.Values(c.fields[object]))})
	}
	return uses
}

func (c *compiler) route(r *spec.Route, outer *scope) *route {
	rc := &routeCompiler{c: c, name: r.Name.Text, scope: outer.child()}
	compiled := &route{name: r.Name.Text, steps: rc.steps(r.Steps)}
	for i := range r.Writes {
		if w := rc.write(&r.Writes[i]); w != nil {
			w.apart = len(r.Writes) > 1
			compiled.writes = append(compiled.writes, w)
		}
	}
	for _, inner := range r.Routes {
		compiled.routes = append(compiled.routes, c.route(inner, rc.scope))
	}
	compiled.settled = settledAt(compiled)
	return compiled
}

// settledAt is the number of steps after which the key of the route's one send is known, 0 when the ledger
// is only asked at the write. Rows that are still to be told apart come first.
func settledAt(r *route) int {
	if len(r.writes) != 1 || len(r.routes) > 0 || len(r.writes[0].once) == 0 || r.writes[0].onlyIf != nil {
		return 0
	}
	steps := 0
	for i, s := range r.steps {
		_, each := s.(*eachStep)
		if each || r.writes[0].isKeyedBy(s.self().name) {
			steps = i + 1
		}
	}
	return steps
}

// isKeyedBy says whether the key of the send is made of what a step gives.
func (w *write) isKeyedBy(step string) bool {
	return slices.ContainsFunc(w.keyed, func(in input) bool {
		name, _, _ := strings.Cut(in.path, ".")
		return name == step // which "" never is
	})
}

// literalValue is the value of a literal in a spec.
func literalValue(v any) value {
	switch v := v.(type) {
	case bool:
		return truthValue(v)
	case string:
		return textValue(v)
	case json.Number:
		return numberValue(v.String())
	case []any:
		items := make([]value, len(v))
		for i, item := range v {
			items[i] = literalValue(item)
		}
		return listValue(items)
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		items := make([]value, len(keys))
		for i, k := range keys {
			items[i] = literalValue(v[k])
		}
		return objectValue(keys, items)
	default:
		return value{}
	}
}
