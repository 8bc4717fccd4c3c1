package sheet

import (
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine/spec"
)

const (
	column = 200 // width of a box of the wide overview
	gap    = 36  // between its columns
	phone  = 340 // width of every narrow picture
	across = 370 // width of the boxes of a route's main line
	aside  = 350 // width of the boxes beside it
)

// overview draws a flow: source, gate, routes and what they write.
func overview(f *spec.Flow, out *Flow) Diagram {
	d := Diagram{Title: "The way of a record through " + out.Name}
	source := "Reads " + f.Source.Read.Text
	gate := gateText(out)
	d.Text = source + ". " + gate + "."
	for _, r := range out.Routes {
		d.Text += " Route " + r.Name + ": " + strings.Join(writeTexts(r), "; ") + "."
	}
	d.Wide, d.Narrow = wideOverview(out, source, gate, &d), narrowOverview(out, source, gate, &d)
	return d
}

func gateText(out *Flow) string {
	if len(out.Gates) == 0 {
		return "No gate: every record goes on"
	}
	return "Gate: " + count(len(out.Gates), "condition") + " that must hold"
}

func writeTexts(r Route) []string {
	var texts []string
	for _, w := range r.Writes {
		text, _, _ := strings.Cut(plain(w.Text), ", at most once")
		text, _, _ = strings.Cut(text, "; ")
		texts = append(texts, text)
	}
	if len(texts) == 0 {
		return []string{"Writes nothing itself"}
	}
	return texts
}

func wideOverview(out *Flow, source, gate string, d *Diagram) string {
	var c canvas
	x := func(i int) int { return i * (column + gap) }
	s, g := newBox("k-source", source, x(0), 0, column), newBox("k-gate", gate, x(1), 0, column)
	y := 0
	var heads []box
	for _, r := range out.Routes {
		title := "Route " + r.Name
		if r.Continues != "" {
			title += ", which goes on from " + r.Continues
		}
		head := newBox("k-route", title, x(2), y, column)
		bottom := head.bottom()
		for _, text := range writeTexts(r) {
			w := newBox("k-write", text, x(3), y, column)
			c.draw(w)
			c.line(head.right(), middleOf(head, w), w.x, middleOf(head, w))
			y = w.bottom() + 8
			bottom = max(bottom, w.bottom())
		}
		head.h = bottom - head.y
		c.draw(head)
		heads = append(heads, head)
		y = bottom + between
	}
	s.h = max(s.h, g.h)
	g.h = s.h
	c.draw(s)
	c.draw(g)
	c.line(s.right(), s.middle(), g.x, g.middle())
	bus := g.right() + gap/2
	for _, h := range heads {
		top := h.y + min(h.h, g.h)/2
		c.line(g.right(), g.middle(), bus, g.middle(), bus, top, h.x, top)
	}
	return c.svg(anchor("wide", out.Name), x(3)+column, d)
}

// middleOf is a height at which a line can go from one box to another straight.
func middleOf(from, to box) int { return to.y + min(to.h, max(from.h, lineHeight))/2 }

func narrowOverview(out *Flow, source, gate string, d *Diagram) string {
	var c canvas
	s := newBox("k-source", source, 0, 0, phone)
	g := newBox("k-gate", gate, 0, s.bottom()+between+6, phone)
	c.draw(s)
	c.draw(g)
	c.line(20, s.bottom(), 20, g.y)
	y := g.bottom() + between
	for _, r := range out.Routes {
		head := newBox("k-route", "Route "+r.Name, 40, y, phone-40)
		c.draw(head)
		c.line(20, g.bottom(), 20, head.middle(), head.x, head.middle())
		y = head.bottom() + 8
		for _, text := range writeTexts(r) {
			w := newBox("k-write", text, 80, y, phone-80)
			c.draw(w)
			c.line(60, head.bottom(), 60, w.middle(), w.x, w.middle())
			y = w.bottom() + 8
		}
		y += between - 8
	}
	return c.svg(anchor("narrow", out.Name), phone, d)
}

// station is one box of a route's main line and what can end there.
type station struct {
	kind, text string
	exits      []exit
}

type exit struct{ kind, text string }

// routeDiagram draws a route: what is asked, how it can end, and what is written.
func routeDiagram(f *spec.Flow, out *Route, line []station) Diagram {
	d := Diagram{Title: "The route " + out.Name}
	var told []string
	for _, s := range line {
		text := s.text
		for _, e := range s.exits {
			text += ". Otherwise " + e.text
		}
		told = append(told, text)
	}
	d.Text = strings.Join(told, ". Then: ")
	id := anchor(f.Name.Text, out.Name)
	d.Wide, d.Narrow = wideRoute(line, "wide-"+id, &d), narrowRoute(line, "narrow-"+id, &d)
	return d
}

// start is the first box of a route.
func start(f *spec.Flow, continues string) station {
	text := "A record of " + f.Source.Read.Text + " that passed the gate"
	switch {
	case continues != "":
		text = "Goes on from the route " + continues
	case len(f.Gate) == 0:
		text = "Every record of " + f.Source.Read.Text
	}
	return station{kind: "k-source", text: text}
}

// stationOf is the box of a step; ok is false for a step that only gives a value a name.
func stationOf(s spec.Step, names scope) (st station, ok bool) {
	exits := exitsOf(stops(s), names)
	if len(exits) == 0 && !slices.Contains([]spec.StepKind{spec.EachStep, spec.TableStep, spec.ProvesStep}, s.Kind) {
		return station{}, false
	}
	return station{"k-step", names.labelled(strings.TrimSuffix(stepWords(s), ".")), exits}, true
}

// ends are the last boxes of a route: what it writes and the routes that go on.
func ends(r *spec.Route, writes []Writing) []station {
	var line []station
	for _, w := range writes {
		line = append(line, station{kind: "k-write", text: plain(w.Text)})
	}
	for _, n := range r.Routes {
		line = append(line, station{kind: "k-route", text: "Goes on in the route " + n.Name.Text})
	}
	return line
}

// exitsOf are the ways in which a step can end; those that read alike are one.
func exitsOf(list []Stop, names scope) []exit {
	var out []exit
	for _, s := range list {
		text := s.Say
		if text == "" {
			text = names.labelled(s.When)
		}
		e := exit{"k-" + strings.Fields(s.Outcome)[0], s.Outcome + ": " + text}
		if !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	return out
}
func wideRoute(line []station, id string, d *Diagram) string {
	var c canvas
	y := 0
	for i, s := range line {
		b := newBox(s.kind, s.text, 0, y, across)
		top := y
		for _, e := range s.exits {
			x := newBox(e.kind, e.text, across+gap, top, aside)
			c.draw(x)
			top = x.bottom() + 6
			at := x.y + min(x.h, b.h)/2
			c.line(across, at, x.x, at)
			b.h = max(b.h, at+4-b.y)
		}
		c.draw(b)
		y = max(b.bottom(), top-6) + between
		if i+1 < len(line) {
			c.line(24, b.bottom(), 24, y)
		}
	}
	return c.svg(id, across+gap+aside, d)
}

func narrowRoute(line []station, id string, d *Diagram) string {
	var c canvas
	y := 0
	for i, s := range line {
		b := newBox(s.kind, s.text, 0, y, phone)
		c.draw(b)
		y = b.bottom()
		for _, e := range s.exits {
			x := newBox(e.kind, e.text, 60, y+8, phone-60)
			c.draw(x)
			c.line(40, b.bottom(), 40, x.middle(), x.x, x.middle())
			y = x.bottom()
		}
		y += between
		if i+1 < len(line) {
			c.line(18, b.bottom(), 18, y)
		}
	}
	return c.svg(id, phone, d)
}
