package spectest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"unicode"
)

// cipher makes letters of letters. The same word gives the same letters under the same secret, in capitals as in small
// letters, and two words never the same; without the secret none can be turned back.
type cipher struct {
	secret []byte
	avoid  map[string]bool   // no word becomes one of these, in small letters
	hexed  map[string]bool   // words that stand inside a UUID
	done   map[string]string // in small letters
	used   map[string]bool
}

func newCipher(secret []byte) *cipher {
	return &cipher{secret: secret, avoid: map[string]bool{}, hexed: map[string]bool{}, done: map[string]string{}, used: map[string]bool{}}
}

// attempts to find letters for a word that no other word has and that are no word of the original.
const attempts = 64

// number is a stable number for a key.
func (c *cipher) number(key string, attempt int) func() int {
	mac := hmac.New(sha256.New, c.secret)
	block, left := uint32(0), []byte(nil)
	return func() int {
		if len(left) < 2 {
			mac.Reset()
			mac.Write([]byte(key))
			mac.Write(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(attempt)), block))
			left = mac.Sum(nil)
			block++
		}
		n := int(binary.BigEndian.Uint16(left))
		left = left[2:]
		return n
	}
}

// word replaces every letter and digit of one word.
func (c *cipher) word(w string) string {
	small := lower(w)
	alphabet := c.alphabet(small)
	made, ok := c.done[small]
	if !ok {
		for i := range attempts {
			if made = scramble(small, alphabet, c.number(small, i)); !c.used[made] && !c.avoid[made] {
				break
			}
		}
		c.done[small], c.used[made] = made, true
	}
	return cased(made, w)
}

const (
	hexLetters       = "abcdef"
	crockfordLetters = "abcdefghjkmnpqrstvwxyz"
	crockfordLength  = 26 // of a ULID
)

// alphabet says which letters a word may have; "" any of the script.
func (c *cipher) alphabet(small string) string {
	digits, letters := false, false
	for _, r := range small {
		digits = digits || unicode.IsDigit(r)
		letters = letters || unicode.IsLetter(r)
	}
	switch {
	case !letters:
		return ""
	case c.hexed[small], digits && only(small, hexLetters):
		return hexLetters
	case len(small) == crockfordLength && only(small, crockfordLetters):
		return crockfordLetters
	}
	return ""
}

// only says whether all letters of a word are of the alphabet, and its other characters ASCII digits.
func only(word, alphabet string) bool {
	return strings.IndexFunc(word, func(r rune) bool { return (r < '0' || r > '9') && !strings.ContainsRune(alphabet, r) }) < 0
}

func scramble(word, alphabet string, next func() int) string {
	var b strings.Builder
	plainDigits := strings.IndexFunc(word, func(r rune) bool { return !unicode.IsDigit(r) }) < 0
	for i, r := range word {
		switch {
		case unicode.IsDigit(r):
			most := 10
			if i == 0 && alphabet == crockfordLetters {
				most = 8
			}
			b.WriteRune(otherDigit(r, next(), most, i == 0 && plainDigits))
		case alphabet != "":
			b.WriteByte(alphabet[another(strings.IndexRune(alphabet, r), len(alphabet), next())])
		case unicode.IsLetter(r):
			b.WriteRune(otherLetter(r, next()))
		default:
			b.WriteRune(r) // marks belong to their letter
		}
	}
	return b.String()
}

// another is an index below n that is not i.
func another(i, n, random int) int { return (i + 1 + random%(n-1)) % n }

// otherDigit stays in its numerals. A zero at the head of a number stays, and no other digit there becomes one.
func otherDigit(r rune, random, most int, head bool) rune {
	zero := zeroOf(r)
	d := int(r - zero)
	switch {
	case head && d == 0:
		return r
	case head:
		return zero + 1 + rune(another(d-1, 9, random))
	}
	return zero + rune(another(d%most, most, random))
}

func zeroOf(r rune) rune {
	for _, set := range unicode.Nd.R16 {
		if rune(set.Lo) <= r && r <= rune(set.Hi) {
			return r - (r-rune(set.Lo))%10
		}
	}
	for _, set := range unicode.Nd.R32 {
		if rune(set.Lo) <= r && r <= rune(set.Hi) {
			return r - (r-rune(set.Lo))%10
		}
	}
	return r
}

// otherLetter is a letter of the same script and case, from the same part of the script's block.
func otherLetter(r rune, random int) rune {
	alike := alphabetOf(r)
	for i, c := range alike {
		if c == r && len(alike) > 1 {
			return alike[another(i, len(alike), random)]
		}
	}
	return r
}

// blockSize is how many characters belong together in the order of Unicode.
const blockSize = 128

func alphabetOf(r rune) []rune {
	script, kind := scriptOf(r), kindOf(r)
	var out []rune
	first := r - r%blockSize
	for c := first; c < first+blockSize; c++ {
		if unicode.IsLetter(c) && kindOf(c) == kind && unicode.Is(script, c) && (kind == unicode.Lo || len(string(c)) == len(string(r)) && unicode.ToLower(unicode.ToUpper(c)) == unicode.ToLower(c)) {
			out = append(out, c)
		}
	}
	return out
}

func kindOf(r rune) *unicode.RangeTable {
	for _, kind := range []*unicode.RangeTable{unicode.Lu, unicode.Ll, unicode.Lt, unicode.Lm} {
		if unicode.Is(kind, r) {
			return kind
		}
	}
	return unicode.Lo
}

func scriptOf(r rune) *unicode.RangeTable {
	for _, table := range unicode.Scripts {
		if unicode.Is(table, r) {
			return table // a character is of one script only
		}
	}
	return unicode.L
}

func lower(s string) string { return strings.Map(unicode.ToLower, s) }

// cased writes a word in the capitals of another one of the same length.
func cased(made, like string) string {
	letters := []rune(made)
	for i, r := range []rune(like) {
		if i < len(letters) && (unicode.IsUpper(r) || unicode.IsTitle(r)) {
			letters[i] = unicode.ToUpper(letters[i])
		}
	}
	return string(letters)
}

// inWord says whether a character belongs to a word: letters with their marks, and digits.
func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) }

// pieces cuts a text into words and what stands between them.
func pieces(s string) []string {
	var out []string
	from, was := 0, false
	for i, r := range s {
		if is := inWord(r); is != was && i > from {
			out = append(out, s[from:i])
			from = i
		}
		was = inWord(r)
	}
	if from < len(s) {
		out = append(out, s[from:])
	}
	return out
}
