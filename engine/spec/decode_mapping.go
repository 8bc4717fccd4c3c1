package spec

func (b *builder) decodeMapping(n *node) *Mapping {
	return &Mapping{
		Name: n.get("name").scalar(), Title: n.get("title").string(), Note: n.get("note").string(),
		Uses: n.get("uses").scalars(), To: n.get("to").scalar(),
		WhenBlank: decodeFiller(n.get("when_blank")), Fields: decodeFields(n.get("fields")), At: n.at,
	}
}

func decodeFields(n *node) []*FieldRule {
	var fields []*FieldRule
	n.each(func(name, rule *node) { fields = append(fields, decodeField(name, rule)) })
	return fields
}

func decodeField(name, n *node) *FieldRule {
	f := &FieldRule{
		Name: name.scalar(), At: name.at,
		From: n.get("from").scalars(), Expr: n.get("expr").scalar(), One: decodeFields(n.get("one")),
		Map: n.get("map").scalar(), Key: n.get("by").scalar(), Give: n.get("give").scalar(), Missing: otherwise(n.get("missing")),
		WhenBlank: decodeFiller(n.get("when_blank")), Policy: Policy(n.get("policy").string()), Conflict: n.get("conflict").scalar(),
		Clear: n.get("clear").isTrue(), Required: n.get("required").isTrue(), Warn: n.get("warn").scalar(),
	}
	if f.Policy == "" {
		f.Policy = OnChange
	}
	if k, inner := n.entry("list"); inner != nil {
		f.List = decodeField(k, inner)
	}
	if v := n.get("default"); v != nil {
		literal := v.literal()
		f.Default = &literal
	}
	if v := n.get("value"); v != nil {
		f.setValue(v)
	}
	return f
}

func (f *FieldRule) setValue(n *node) {
	if name, ok := isConstant(n); ok {
		f.Constant = name
		return
	}
	literal := n.literal()
	f.Literal = &literal
}

// decodeFiller reads omit, const.name or a fixed value. Only the plain word omit omits.
func decodeFiller(n *node) *Filler {
	if n == nil {
		return nil
	}
	if n.shape == textShape && n.text == "omit" && n.style == plain {
		return &Filler{Omit: true, Value: Value{At: n.at}}
	}
	if name, ok := isConstant(n); ok {
		return &Filler{Constant: name}
	}
	return &Filler{Value: n.literal()}
}
