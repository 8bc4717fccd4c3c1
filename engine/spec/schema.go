package spec

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

//go:embed schemas/*.json
var schemaFiles embed.FS

const (
	schemaRoot = "https://casebridge.invalid/schemas/"
	schemaMain = schemaRoot + "spec.json"
)

var errNoSchema = errors.New("no such schema")

// schemas are the JSON Schemas of the kinds, compiled, and as they stand: the
// messages are worded from their titles and descriptions.
type schemas struct {
	main *jsonschema.Schema
	raw  map[string]any // by file name
}

// theSchemas compiles the embedded schemas once: a constant that takes 20 ms to make.
var theSchemas = sync.OnceValues(loadSchemas)

func loadSchemas() (*schemas, error) {
	entries, err := schemaFiles.ReadDir("schemas")
	if err != nil {
		return nil, fmt.Errorf("list the embedded schemas: %w", err)
	}
	s := &schemas{raw: map[string]any{}}
	c := jsonschema.NewCompiler()
	c.Draft = jsonschema.Draft2020
	c.LoadURL = func(string) (io.ReadCloser, error) { return nil, errNoSchema }
	for _, e := range entries {
		text, err := schemaFiles.ReadFile(path.Join("schemas", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read schema %s: %w", e.Name(), err)
		}
		var doc any
		if err := json.Unmarshal(text, &doc); err != nil {
			return nil, fmt.Errorf("read schema %s: %w", e.Name(), err)
		}
		s.raw[e.Name()] = doc
		if err := c.AddResource(schemaRoot+e.Name(), bytes.NewReader(text)); err != nil {
			return nil, fmt.Errorf("add schema %s: %w", e.Name(), err)
		}
	}
	s.main, err = c.Compile(schemaMain)
	return s, err
}

// at returns the schema that a place such as ".../step.json#/$defs/read" names.
func (s *schemas) at(location string) any {
	url, pointer, _ := strings.Cut(location, "#")
	doc := s.raw[path.Base(url)]
	for _, part := range pointerParts(pointer) {
		doc = child(doc, part)
	}
	return doc
}

// resolve follows $ref; what stands beside a $ref comes first.
func (s *schemas) resolve(location string) schemaText {
	t := schemaText{}
	for range 8 {
		m, _ := s.at(location).(map[string]any)
		for k, v := range m {
			if _, has := t[k]; !has {
				t[k] = v
			}
		}
		ref, ok := m["$ref"].(string)
		if !ok {
			break
		}
		if strings.HasPrefix(ref, "#") {
			base, _, _ := strings.Cut(location, "#")
			location = base + ref
		} else {
			location = schemaRoot + ref
		}
	}
	return t
}

func child(doc any, part string) any {
	switch d := doc.(type) {
	case map[string]any:
		return d[part]
	case []any:
		if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(d) {
			return d[i]
		}
	}
	return nil
}

func pointerParts(pointer string) []string {
	if pointer == "" || pointer == "/" {
		return nil
	}
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, p := range parts {
		parts[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(unescapePercent(p))
	}
	return parts
}

// schemaText is one schema as it stands.
type schemaText map[string]any

func (t schemaText) string(key string) string {
	text, _ := t[key].(string)
	return text
}

// keys lists its properties by name.
func (t schemaText) keys() []string {
	props, _ := t["properties"].(map[string]any)
	return sortedKeys(props)
}

// texts lists the strings of an array.
func (t schemaText) texts(key string) []string {
	list, _ := t[key].([]any)
	var texts []string
	for _, v := range list {
		texts = append(texts, fmt.Sprint(v))
	}
	return texts
}

func unescapePercent(part string) string {
	if plain, err := url.PathUnescape(part); err == nil {
		return plain
	}
	return part
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
