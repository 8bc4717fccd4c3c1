package spec

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// secretPair is a key that by its name holds a secret, and what stands behind it.
var secretPair = regexp.MustCompile(`(?i)((?:password|passwd|passphrase|secret|token|api[-_]?key)"?\s*:\s*)("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,}#]+)`)

// hideSecrets puts a sign in place of every character of a secret. None belongs
// into specs, and one that somebody wrote there must not go on into the logs of
// whatever checks them. The line keeps its length, so that a caret stays right.
func hideSecrets(line string) string {
	return secretPair.ReplaceAllStringFunc(line, func(pair string) string {
		parts := secretPair.FindStringSubmatch(pair)
		return parts[1] + strings.Repeat("•", utf8.RuneCountInString(parts[2]))
	})
}
