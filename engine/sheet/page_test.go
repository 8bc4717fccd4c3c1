package sheet_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/casebridge/casebridge/engine/sheet"
)

func sprint(v any) string { return fmt.Sprint(v) }

// Whatever the specs say, the page needs nothing but itself, and no text of theirs becomes part of its code.
func TestPageStandsAlone(t *testing.T) {
	html := page(t, lake(t))
	for _, bad := range []string{"<script", "http://", "https://", "src=", "@import", "url(", "<i>", "<b>\"", "Sex <b>"} {
		if strings.Contains(html, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, good := range []string{"&lt;script&gt;", "Sex &lt;b&gt;", "ask the family &amp; &#34;tick&#34;", `lang="km"`} {
		if !strings.Contains(html, good) {
			t.Errorf("the page lacks %q", good)
		}
	}
}

func TestPageShowsEverything(t *testing.T) {
	html := page(t, lake(t))
	for what, text := range map[string]string{
		"a constant's reason":     "West refuses a referral without a phone number.",
		"a row of a map":          "<code>south</code>",
		"a label of a code":       "Reed",
		"why a code has no row":   "Nobody lives there.",
		"why a row is one way":    "One way only: west has no such word.",
		"a confirmed name":        "<code>otter</code>",
		"a name that never is":    "<code>public</code>",
		"a line of a table":       "closed or gone",
		"why a line is there":     "The usual way.",
		"a sealed field":          "<code>family_name</code>",
		"a consent gate":          "must say yes",
		"a consent not asked for": "Not asked, because the record stays where it is.",
		"what may leave":          "<code>first</code>, <code>last</code>",
		"what a column names":     "Each is the <code>slug</code> of one <code>west.<wbr>client</code>, which must be there",
		"a column for people":     "For people; no rule reads it",
		"a column's code list":    "Codes of <code>east.<wbr>place</code>, each of which has a row or a reason for none",
		"a field that is dropped": "dropped today",
		"a sweep":                 "Every day at 02:00 (Africa/Nairobi) it reads 30 days back",
		"an exact expression":     "strip_zeros(case.place)",
		"a place":                 "mapping<wbr>.yaml:10",
		"an example":              `&#34;01&#34; → &#34;1&#34;`,
	} {
		if !strings.Contains(html, text) {
			t.Errorf("the page lacks %s: %s", what, text)
		}
	}
}

func TestLinksOfThePageLeadSomewhere(t *testing.T) {
	html := page(t, lake(t))
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		if ids[m[1]] {
			t.Errorf("%q stands twice", m[1])
		}
		ids[m[1]] = true
	}
	links := regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(html, -1)
	if len(links) < 20 {
		t.Fatalf("%d links", len(links))
	}
	for _, m := range links {
		if !ids[m[1]] {
			t.Errorf("#%s leads nowhere", m[1])
		}
	}
}

// The pictures are well-formed, tell in words what they show, and no box covers another or is too small for its text.
func TestPictures(t *testing.T) {
	f := lake(t).Flows[0]
	pictures := []sheet.Diagram{f.Diagram}
	for _, r := range f.Routes {
		pictures = append(pictures, r.Diagram)
	}
	for _, d := range pictures {
		if d.Title == "" || len(d.Text) < 20 {
			t.Errorf("a picture without words: %q %q", d.Title, d.Text)
		}
		checkPicture(t, d.Wide, 950)
		checkPicture(t, d.Narrow, 345)
	}
	if !strings.Contains(f.Diagram.Text, "Route referrals: Sends west.referral") {
		t.Error(f.Diagram.Text)
	}
}

type rect struct{ x, y, w, h int }

func checkPicture(t *testing.T, svg string, widest int) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	var boxes []rect
	var size rect
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in %.200s", err, svg)
		}
		e, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		r := rect{number(e, "x"), number(e, "y"), number(e, "width"), number(e, "height")}
		switch e.Name.Local {
		case "svg":
			size = r
		case "rect":
			boxes = append(boxes, r)
		case "tspan":
			b := boxes[len(boxes)-1]
			if r.y <= b.y || r.y > b.y+b.h {
				t.Errorf("a line at %d is outside its box %+v", r.y, b)
			}
		}
	}
	if len(boxes) < 2 || size.w > widest {
		t.Errorf("%d boxes, %+v", len(boxes), size)
	}
	for i, a := range boxes {
		if a.x < 0 || a.y < 0 || a.x+a.w > size.w || a.y+a.h > size.h {
			t.Errorf("%+v is outside the picture %+v", a, size)
		}
		for _, b := range boxes[i+1:] {
			if a.x < b.x+b.w && b.x < a.x+a.w && a.y < b.y+b.h && b.y < a.y+a.h {
				t.Errorf("%+v covers %+v", a, b)
			}
		}
	}
}

func number(e xml.StartElement, name string) int {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			n, err := strconv.Atoi(a.Value)
			if err != nil {
				return -1
			}
			return n
		}
	}
	return 0
}
