package spec

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/casebridge/casebridge/engine"
)

// form checks one file against the schema of its kind and words what is wrong.
type form struct {
	*findings
	schemas *schemas
	root    *node
}

// kindOf returns the kind of a file, or "" after saying that it has none.
func (f *form) kindOf() string {
	kinds := f.schemas.resolve(schemaMain + "#/properties/kind").texts("enum")
	k := f.root.get("kind")
	switch {
	case k == nil:
		first := f.root
		if len(f.root.keys) > 0 {
			first = f.root.keys[0]
		}
		help := "the first line says what the file describes: kind: and one of " + joined(kinds, "or") + "; settings and the like must not end in .yaml here"
		if near := nearKey("kind", f.root); near != nil {
			first, help = near, `did you mean "kind"?`
		}
		f.faultOn(first, "missing-kind", help, "this file has no kind")
	case k.shape != textShape || !slices.Contains(kinds, k.text):
		f.faultOn(k, "unknown-kind", didYouMean(k.text, kinds), "there is no kind of file called %q", k.text)
	default:
		return k.text
	}
	return ""
}

// nearKey returns the key of n that looks like a misspelt word, or nil.
func nearKey(word string, n *node) *node {
	if near := engine.Nearest(word, n.names()); near != "" {
		k, _ := n.entry(near)
		return k
	}
	return nil
}

// check validates the file.
func (f *form) check() {
	f.checkGateLines()
	err := f.schemas.main.Validate(f.root.value())
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		f.walk(invalid)
	} else if err != nil {
		f.faultOn(f.root, "wrong-type", "", "this file cannot be checked against its schema")
	}
}

// checkGateLines reports steps of other kinds in a gate, once each: measured by a
// must line, every key of theirs would be wrong.
func (f *form) checkGateLines() {
	for _, line := range f.root.get("gate").list() {
		at := slices.IndexFunc(stepKinds(), func(k StepKind) bool { return line.get(string(k)) != nil })
		if at < 0 || line.get(string(MustStep)) != nil {
			continue
		}
		key, _ := line.entry(string(stepKinds()[at]))
		f.faultOn(key, "gate-line", "a gate has must lines only; put this one under the steps of a route", "a %s step cannot stand in a gate", key.text)
		line.wrong = true
		for _, k := range line.keys {
			k.wrong = true
		}
	}
}

// walk words the innermost causes: they are what the author can change.
func (f *form) walk(e *jsonschema.ValidationError) {
	head, _ := cutLast(strings.TrimSuffix(e.AbsoluteKeywordLocation, "/$ref"))
	switch {
	case strings.HasSuffix(e.AbsoluteKeywordLocation, "/anyOf"):
		f.word(e)
		return
	case strings.HasSuffix(head, "/dependentSchemas") && f.twoInOne(e, strings.TrimSuffix(head, "/dependentSchemas")):
		return
	}
	if len(e.Causes) == 0 {
		f.word(e)
	}
	for _, c := range e.Causes {
		f.walk(c)
	}
}

// twoInOne reports a value that has the main keys of two kinds; what either of them lacks is then noise.
func (f *form) twoInOne(e *jsonschema.ValidationError, location string) bool {
	_, n := f.find(e.InstanceLocation)
	s := f.schemas.resolve(location)
	kinds, _ := s["dependentSchemas"].(map[string]any)
	var has []string
	for _, k := range n.names() {
		if _, ok := kinds[k]; ok {
			has = append(has, k)
		}
	}
	if len(has) < 2 {
		return false
	}
	if !n.wrong {
		second, _ := n.entry(has[1])
		f.faultOn(second, "two-in-one", "keep one of them, or write two", "%s cannot have %s at once", s.string("title"), joined(has, "and"))
		n.wrong = true
	}
	return true
}

// word turns one cause into a finding.
func (f *form) word(e *jsonschema.ValidationError) {
	v := f.violation(e)
	if v.node == nil || v.node.wrong && len(v.node.items) == 0 {
		return
	}
	switch v.keyword {
	case "additionalProperties":
		f.unknownKeys(v)
	case "required", "dependentRequired":
		f.missingKeys(v)
	case "anyOf":
		f.noneOf(v)
	case "type":
		f.wrongType(v)
	case "enum":
		f.faultOn(v.node, "wrong-value", didYouMean(v.node.text, v.schema.texts("enum")), "%q is not %s", v.node.text, v.schema.string("title"))
	case "minimum", "maximum":
		f.faultOn(v.node, "wrong-value", "", "%s is not between %s", v.node.text, v.bounds())
	case "pattern":
		if strings.TrimSpace(v.node.text) == "" {
			f.wrongSize(v)
			break
		}
		f.faultOn(v.node, "wrong-value", "", "%q is not %s", v.node.text, v.schema.string("title"))
	default: // minLength, minItems, minProperties, maxProperties
		f.wrongSize(v)
	}
}

// violation is one cause with its value and its schema.
type violation struct {
	node    *node // the value, or the key when its name is the matter
	key     *node // the key that the value stands under; nil in a list
	schema  schemaText
	keyword string
	wanted  string // dependentRequired: the key that asks for others
	refs    []schemaText
}

func (f *form) violation(e *jsonschema.ValidationError) violation {
	location, keyword := cutLast(e.AbsoluteKeywordLocation)
	v := violation{keyword: keyword}
	if _, err := strconv.Atoi(keyword); err == nil { // .../dependentRequired/<key>/<index>
		location, v.wanted = cutLast(location)
		v.wanted = unescapePercent(v.wanted)
		location, v.keyword = cutLast(location)
	}
	v.schema = f.schemas.resolve(location)
	if parent, ok := strings.CutSuffix(location, "/else"); ok { // what is wanted stands there, what it means in the parent
		wanted := v.schema["required"]
		v.schema = maps.Clone(f.schemas.resolve(parent))
		v.schema["required"] = wanted
	}
	if v.keyword == "anyOf" {
		v.refs = f.branches(location, v.schema)
	}
	v.key, v.node = f.find(e.InstanceLocation)
	if strings.Contains(e.KeywordLocation, "/propertyNames") && v.key != nil {
		v.node = v.key
	}
	return v
}

// branches returns the schemas that dependentSchemas chooses between.
func (f *form) branches(location string, s schemaText) []schemaText {
	all, _ := s["dependentSchemas"].(map[string]any)
	var branches []schemaText
	for _, key := range sortedKeys(all) {
		branches = append(branches, f.schemas.resolve(location+"/dependentSchemas/"+key))
	}
	return branches
}

func cutLast(location string) (head, last string) {
	i := strings.LastIndexByte(location, '/')
	if i < 0 {
		return "", location
	}
	return location[:i], location[i+1:]
}

// find returns the value at a JSON pointer and the key it stands under.
func (f *form) find(pointer string) (key, value *node) {
	value = f.root
	for _, part := range pointerParts(pointer) {
		if value == nil {
			return nil, nil
		}
		if value.shape == listShape {
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(value.items) {
				return nil, nil
			}
			key, value = nil, value.items[i]
			continue
		}
		key, value = value.entry(part)
	}
	return key, value
}

func (f *form) unknownKeys(v violation) {
	allowed := v.schema.keys()
	for _, k := range v.node.keys {
		if slices.Contains(allowed, k.text) || k.wrong {
			continue
		}
		help := didYouMean(k.text, allowed)
		connection := f.connection(v.node)
		switch {
		case f.cutOff(k):
			help = "in { } a comma ends the text before it: put the whole text in single quotes"
		case connection != "" && engine.Nearest(k.text, allowed) == "":
			variable := strings.ToUpper(strings.ReplaceAll(connection+"_"+k.text, "-", "_"))
			help = "settings, above all secret ones, never stand in specs: set " + variable + " in the environment, or connections." + connection + "." + k.text + " in a settings file"
		}
		f.faultOn(k, "unknown-key", help, "%s has no key %q", v.schema.string("title"), k.text)
	}
}

// connection is the name of the connection that a value describes, "" for other values.
func (f *form) connection(n *node) (name string) {
	f.root.get("connections").each(func(key, value *node) {
		if value == n {
			name = key.text
		}
	})
	return name
}

// cutOff says whether a key has no colon behind it: it is then the rest of a text with a comma.
func (f *form) cutOff(key *node) bool {
	line := []rune(excerpt(key.file, key.at.Line))
	behind := string(line[min(key.scalar().width()+key.at.Column-1, len(line)):])
	return key.style == plain && !strings.HasPrefix(strings.TrimSpace(behind), ":")
}

func (f *form) missingKeys(v violation) {
	wanted, because := v.schema.texts("required"), ""
	if v.wanted != "" {
		deps, _ := v.schema["dependentRequired"].(map[string]any)
		wanted, because = schemaText(deps).texts(v.wanted), " beside "+v.wanted
	}
	title := v.schema.string("title")
	for _, name := range wanted {
		if v.node.wrong || v.node.get(name) != nil || v.hasMisspelt(name) {
			continue
		}
		if title == "" { // the then of an if: only field rules have one
			title, because = "a field rule", " beside missing: default"
		}
		f.fault(v.node.at, 1, "missing-key", f.describe(v.schema, name), "%s needs the key %q%s", title, name, because)
	}
}

// hasMisspelt says whether an unknown key of the value was probably meant to be name.
func (v violation) hasMisspelt(name string) bool {
	allowed := v.schema.keys()
	return slices.ContainsFunc(v.node.keys, func(k *node) bool {
		return len(allowed) > 0 && !slices.Contains(allowed, k.text) && engine.Nearest(k.text, allowed) == name
	})
}

// describe returns the description of a property, as help.
func (f *form) describe(s schemaText, name string) string {
	props, _ := s["properties"].(map[string]any)
	p, _ := props[name].(map[string]any)
	if text := schemaText(p).string("description"); text != "" {
		return name + ": " + strings.TrimSuffix(text, ".")
	}
	if ref, ok := p["$ref"].(string); ok && !strings.HasPrefix(ref, "#") {
		return name + ": " + strings.TrimSuffix(f.schemas.resolve(schemaRoot+ref).string("description"), ".")
	}
	return ""
}

// noneOf is for values of which one key says what they are, when that key is not there.
func (f *form) noneOf(v violation) {
	var choices []string
	alternatives, _ := v.schema["anyOf"].([]any)
	for _, a := range alternatives {
		m, _ := a.(map[string]any)
		choices = append(choices, schemaText(m).texts("required")...)
	}
	known := slices.Clone(v.schema.keys())
	for _, b := range v.refs {
		known = append(known, b.keys()...)
	}
	unknown := false
	for _, k := range v.node.keys {
		if slices.Contains(known, k.text) {
			continue
		}
		unknown = true
		if len(v.refs) > 0 { // else additionalProperties says it
			f.faultOn(k, "unknown-key", didYouMean(k.text, append(slices.Clone(choices), known...)), "%s has no key %q", v.schema.string("title"), k.text)
		}
	}
	if !unknown {
		f.fault(v.node.at, 1, "missing-key", "", "%s needs one of the keys %s", v.schema.string("title"), joined(choices, "or"))
	}
}

func (f *form) wrongType(v violation) {
	title := v.schema.string("title")
	types := v.schema.texts("type")
	if t := v.schema.string("type"); t != "" {
		types = []string{t}
	}
	switch n := v.node; {
	case n.shape == nullShape:
		at := n
		if v.key != nil {
			at = v.key
		}
		f.faultOn(at, "missing-value", "", "nothing is written here: %s is needed", title)
	case slices.Contains(types, "string") && n.isScalar():
		f.faultOn(n, "unquoted-code", `write "`+n.text+`"`, "%s without quotes is read as %s, and %s is needed", n.text, n.what(), title)
	default:
		f.faultOn(n, "wrong-type", bare(n, types), "this is %s, and %s is needed", n.what(), title)
	}
}

// bare helps where a number, true or false was quoted, or written in another way.
func bare(n *node, types []string) string {
	truth := map[string]string{"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}[strings.ToLower(n.text)]
	switch {
	case n.shape != textShape:
		return ""
	case truth != "" && slices.Contains(types, "boolean"):
		return "write " + truth + ", without quotes"
	case jsonNumber.MatchString(n.text) && (slices.Contains(types, "integer") || slices.Contains(types, "number")):
		return "write " + n.text + " without quotes"
	}
	return ""
}

func (f *form) wrongSize(v violation) {
	at := v.node
	if v.key != nil {
		at = v.key
	}
	if v.node.isScalar() || len(v.node.items) == 0 {
		f.faultOn(at, "missing-value", "", "this is empty: %s is needed", v.schema.string("title"))
		return
	}
	f.faultOn(at, "wrong-size", "", "there must be %s of these, not %d: %s", v.size(), len(v.node.items), v.schema.string("title"))
}

// size words the limits of a list or group.
func (v violation) size() string {
	if v.keyword == "maxProperties" {
		return fmt.Sprintf("at most %v", v.schema[v.keyword])
	}
	return fmt.Sprintf("at least %v", v.schema[v.keyword])
}

// bounds words the limits of a number.
func (v violation) bounds() string {
	low, high := "0", "any number"
	if n, ok := v.schema["minimum"].(float64); ok {
		low = strconv.FormatFloat(n, 'f', -1, 64)
	}
	if n, ok := v.schema["maximum"].(float64); ok {
		high = strconv.FormatFloat(n, 'f', -1, 64)
	}
	return low + " and " + high
}
