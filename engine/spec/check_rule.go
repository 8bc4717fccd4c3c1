package spec

import (
	"fmt"
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
		b.alikeNames(r)
		for _, c := range r.Confirmed {
			if i := slices.IndexFunc(r.Never, func(n Scalar) bool { return n.Text == c.Text }); i >= 0 && c.Text != "" {
				b.faultAt(c, "never-confirmed", "remove it from one of the two lists", "%q is confirmed here and can never be one in line %d", c.Text, r.Never[i].At.Line)
			}
		}
	}
}

// alikeNames warns of confirmed names that are written as one of the forms, or almost like another name: nothing
// that comes from a system would ever be such a name.
func (b *builder) alikeNames(r *Rule) {
	seen := map[string]Scalar{}
	for _, c := range r.Confirmed {
		for _, f := range r.Forms {
			before, after, _ := strings.Cut(f.Pattern.Text, namePlace)
			if bare, ok := strings.CutPrefix(c.Text, before); ok && before+after != "" && strings.HasSuffix(bare, after) {
				b.warnAt(c, "written-out", fmt.Sprintf("write %q, if that is its name", strings.TrimSuffix(bare, after)),
					"%q is written in the form %q, and the bare name is needed", c.Text, f.Name.Text)
				break
			}
		}
		key := folded(c.Text)
		if first, ok := seen[key]; ok && first.Text != c.Text {
			b.warnAt(c, "near-duplicate", "write it as the systems write it, once", "%q differs only in case, spaces or signs that cannot be seen from %q in line %d", c.Text, first.Text, first.At.Line)
		} else if !ok {
			seen[key] = c
		}
	}
}
