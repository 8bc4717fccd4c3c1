package mapping

import (
	"math"
	"strconv"
	"strings"
)

// longestNumber is how many digits a number may have when it is written out.
const longestNumber = 400

// decimal is a number as digits: 0.digits times ten to the power of exp. Zero has no digits.
// Numbers are kept and compared this way because float64 loses digits of long ids.
type decimal struct {
	negative bool
	digits   string // no zeros at either end
	exp      int
}

// parseDecimal takes a JSON number apart; the text must be one.
func parseDecimal(s string) decimal {
	var d decimal
	s, d.negative = strings.CutPrefix(s, "-")
	if at := strings.IndexAny(s, "eE"); at >= 0 {
		d.exp = smallInt(s[at+1:])
		s = s[:at]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	d.exp += len(whole)
	digits := whole + fraction
	trimmed := strings.TrimLeft(digits, "0")
	d.exp -= len(digits) - len(trimmed)
	d.digits = strings.TrimRight(trimmed, "0")
	if d.digits == "" {
		return decimal{}
	}
	return d
}

// smallInt reads an exponent; one beyond all reason is cut off.
func smallInt(s string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(s, "+"))
	if err != nil && strings.HasPrefix(s, "-") {
		return math.MinInt32
	}
	if err != nil {
		return math.MaxInt32
	}
	return max(math.MinInt32, min(math.MaxInt32, n))
}

// compareNumbers says whether a is less than (-1), equal to (0) or more than (1) b.
func compareNumbers(a, b string) int {
	if a == b {
		return 0
	}
	x, y := parseDecimal(a), parseDecimal(b)
	if x.sign() != y.sign() {
		return compareInts(x.sign(), y.sign())
	}
	size := compareInts(x.exp, y.exp)
	if size == 0 {
		size = strings.Compare(x.digits, y.digits)
	}
	return size * x.sign()
}

func (d decimal) sign() int {
	switch {
	case d.digits == "":
		return 0
	case d.negative:
		return -1
	default:
		return 1
	}
}

func compareInts(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// plainNumber writes a number without exponent and without needless zeros; ok is
// false when that would take more than longestNumber digits.
func plainNumber(s string) (plain string, ok bool) {
	if isShortInt(s) {
		return s, true
	}
	d := parseDecimal(s)
	if d.digits == "" {
		return "0", true
	}
	if d.exp > longestNumber || d.exp < -longestNumber || len(d.digits) > longestNumber {
		return "", false
	}
	out := d.written()
	if d.negative {
		out = "-" + out
	}
	return out, true
}

func (d decimal) written() string {
	switch {
	case d.exp <= 0:
		return "0." + strings.Repeat("0", -d.exp) + d.digits
	case d.exp >= len(d.digits):
		return d.digits + strings.Repeat("0", d.exp-len(d.digits))
	default:
		return d.digits[:d.exp] + "." + d.digits[d.exp:]
	}
}

// isShortInt says whether s is a whole number that is already plain.
func isShortInt(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (i > 0 || s[i] != '-') {
			return false
		}
	}
	return s != "-0"
}

// calculate applies + - * / % to two numbers; ok is false where mathematics has
// no answer or no machine number holds it.
func calculate(op byte, a, b string) (result string, ok bool) {
	if out, ok := calculateInts(op, a, b); ok {
		return out, true
	}
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	if err1 != nil || err2 != nil {
		return "", false
	}
	return formatFloat(calculateFloats(op, x, y))
}

func formatFloat(z float64) (string, bool) {
	if math.IsNaN(z) || math.IsInf(z, 0) {
		return "", false
	}
	return plainNumber(strconv.FormatFloat(z, 'g', -1, 64))
}

func calculateFloats(op byte, x, y float64) float64 {
	switch op {
	case '+':
		return x + y
	case '-':
		return x - y
	case '*':
		return x * y
	case '/':
		return x / y
	default:
		return math.Mod(x, y)
	}
}

// calculateInts is exact where both are whole numbers of at most nine digits
// (so that nothing can overflow) and the answer is whole.
func calculateInts(op byte, a, b string) (string, bool) {
	if len(a) > 9 || len(b) > 9 {
		return "", false
	}
	x, err1 := strconv.ParseInt(a, 10, 64)
	y, err2 := strconv.ParseInt(b, 10, 64)
	if err1 != nil || err2 != nil {
		return "", false
	}
	switch {
	case op == '+':
		return strconv.FormatInt(x+y, 10), true
	case op == '-':
		return strconv.FormatInt(x-y, 10), true
	case op == '*':
		return strconv.FormatInt(x*y, 10), true
	case y == 0 || x%y != 0 && op == '/':
		return "", false
	case op == '/':
		return strconv.FormatInt(x/y, 10), true
	default:
		return strconv.FormatInt(x%y, 10), true
	}
}
