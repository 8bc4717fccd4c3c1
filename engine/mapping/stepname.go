package mapping

import (
	"fmt"

	"github.com/casebridge/casebridge/engine/spec"
)

// reserved says what a word already means in expressions; "" for a free one. A step
// of that name could not be asked for, or would hide what others mean by it.
func (c *compiler) reserved(word string) string {
	switch word {
	case "run":
		return "the run itself, as in run.today"
	case "const":
		return "the constants of the project"
	case "and", "or", "not", "in", "let", "if", "else", "nil", "true", "false", "contains", "matches", "startsWith", "endsWith":
		return "a word of the language"
	}
	if f, ok := c.functions[word]; ok {
		return "the function " + f.Signature
	}
	return ""
}

func (c *compiler) checkName(name spec.Scalar) {
	if what := c.reserved(name.Text); what != "" {
		c.errorAt(name.At, textWidth(name), "taken-name", fmt.Sprintf("%q already means %s", name.Text, what), "give this line another name")
	}
}
