package sheet

import (
	"fmt"
	"html"
	"strings"
	"unicode"
)

// Diagram is a picture in two widths, for screens and paper, and for phones.
// Both are whole SVG elements; they take their colours from the page.
type Diagram struct {
	Title, Text  string // Text tells what the picture shows
	Wide, Narrow string
}

const (
	lineHeight = 17 // of the 13 px letters of a box
	inset      = 9  // from a box's edge to its letters
	between    = 16 // boxes
)

// canvas collects the shapes of a picture.
type canvas struct {
	shapes strings.Builder
	height int
}

// box is a rectangle with words. kind is the class that gives it its colours.
type box struct {
	kind string
	text string
	x, y int
	w, h int
}

// newBox lays the words out and gives the box the height that they need.
func newBox(kind, text string, x, y, w int) box {
	return box{kind, text, x, y, w, len(wrap(text, w-2*inset))*lineHeight + 2*inset - 3}
}

func (b box) middle() int { return b.y + b.h/2 }
func (b box) bottom() int { return b.y + b.h }
func (b box) right() int  { return b.x + b.w }

func (c *canvas) reach(y int) { c.height = max(c.height, y) }

func (c *canvas) draw(b box) {
	fmt.Fprintf(&c.shapes, `<rect class="b %s" x="%d" y="%d" width="%d" height="%d" rx="6"/>`, b.kind, b.x, b.y, b.w, b.h)
	fmt.Fprintf(&c.shapes, `<text class="%s">`, b.kind)
	for i, line := range wrap(b.text, b.w-2*inset) {
		fmt.Fprintf(&c.shapes, `<tspan x="%d" y="%d">%s</tspan>`, b.x+inset, b.y+inset+11+i*lineHeight, html.EscapeString(line))
	}
	c.shapes.WriteString("</text>")
	c.reach(b.bottom())
}

// line draws a path of right angles; the last point has an arrow's head.
func (c *canvas) line(points ...int) {
	c.shapes.WriteString(`<path class="l" d="`)
	for i := 0; i+1 < len(points); i += 2 {
		fmt.Fprintf(&c.shapes, "%s%d %d", map[bool]string{true: "M", false: "L"}[i == 0], points[i], points[i+1])
		c.reach(points[i+1])
	}
	c.shapes.WriteString(`"/>`)
	n := len(points)
	x, y, fromX := points[n-2], points[n-1], points[n-4]
	if fromX == x {
		fmt.Fprintf(&c.shapes, `<path class="a" d="M%d %dl-4 -7h8z"/>`, x, y)
	} else {
		fmt.Fprintf(&c.shapes, `<path class="a" d="M%d %dl-7 -4v8z"/>`, x, y)
	}
}

// svg closes the picture. id must be unique on the page.
func (c *canvas) svg(id string, width int, d *Diagram) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg role="img" aria-labelledby="%s-t %s-d" viewBox="-1 -1 %d %d" width="%d" height="%d">`, id, id, width+2, c.height+2, width+2, c.height+2)
	fmt.Fprintf(&b, `<title id="%s-t">%s</title><desc id="%s-d">%s</desc>`, id, html.EscapeString(d.Title), id, html.EscapeString(d.Text))
	b.WriteString(c.shapes.String())
	b.WriteString("</svg>")
	return b.String()
}

// wrap breaks a text into lines that fit a width in pixels. Words that are too
// long are broken where names are: behind a dot, an underscore or a stroke.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range pieces(text, width) {
		if line != "" && textWidth(strings.TrimRight(line+word, " ")) > width {
			lines = append(lines, strings.TrimRight(line, " "))
			line = ""
		}
		line += word
	}
	if line = strings.TrimRight(line, " "); line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// pieces are the parts between which a line may be broken, each with the space behind it.
func pieces(text string, width int) []string {
	var out []string
	for _, word := range strings.SplitAfter(text, " ") {
		for textWidth(word) > width {
			cut := breakAt(word, width)
			out = append(out, word[:cut])
			word = word[cut:]
		}
		out = append(out, word)
	}
	return out
}

// breakAt is the last place in a word where it may be broken so that its start fits.
func breakAt(word string, width int) int {
	best, last := 0, 0
	for i, r := range word {
		if i > 0 && textWidth(word[:i]) > width {
			break
		}
		last = i
		if strings.ContainsRune("._-/", r) {
			best = i + 1
		}
	}
	if best > 0 && textWidth(word[:best]) <= width {
		return best
	}
	return max(last, len(string([]rune(word)[:1])))
}

// textWidth estimates how wide a text is at 13 px in the fonts of today's
// systems, rather too wide than too narrow.
func textWidth(text string) int {
	tenths := 0
	for _, r := range text {
		switch {
		case strings.ContainsRune("ijltfr.,:;'|!()[] ", r):
			tenths += 43
		case strings.ContainsRune("mwMW%@", r):
			tenths += 112
		case unicode.IsUpper(r):
			tenths += 88
		case unicode.Is(unicode.Mn, r):
		case r > 0x2ff:
			tenths += 110
		default:
			tenths += 75
		}
	}
	return (tenths + 9) / 10
}

// plain takes the backticks off: pictures show one kind of letters.
func plain(text string) string { return strings.ReplaceAll(text, "`", "") }
