package spec

import (
	"slices"
	"strings"
)

// namePlace is what a form of a naming rule has in the place of the name.
const namePlace = "{name}"

func (b *builder) checkRules() {
	for _, r := range b.project.Rules {
		for _, f := range r.Forms {
			if n := strings.Count(f.Pattern.Text, namePlace); n != 1 && f.Pattern.At.Line > 0 {
				b.faultAt(f.Pattern, "wrong-form", `write it such as "agency-{name}"`, "the form %q has {name} %d times; it must have it once", f.Name.Text, n)
			}
		}
		for _, f := range r.Forms {
			b.checkNamed(f.Names)
		}
		b.once(r.Never, "name")
		b.once(r.Confirmed, "name")
		for _, c := range r.Confirmed {
			if i := slices.IndexFunc(r.Never, func(n Scalar) bool { return n.Text == c.Text }); i >= 0 && c.Text != "" {
				b.faultAt(c, "never-confirmed", "remove it from one of the two lists", "%q is confirmed here and can never be one in line %d", c.Text, r.Never[i].At.Line)
			}
		}
	}
}
