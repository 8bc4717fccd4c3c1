// Package spec reads the YAML of a project: it finds the files, checks their
// form against the JSON Schemas in schemas/, decodes them into a Project in
// which every value keeps its place, and checks everything that can be checked
// without knowing what an expression means: references, maps, rules, tables
// and the catalogue against the drivers' objects.
//
// It does not compile expressions (package mapping does), opens no connection
// and reads no settings. Nobody else reads spec YAML.
package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
)

// Load reads and checks every .yaml and .yml file under fsys. It returns all
// findings at once, sorted by place. With errors among them (engine.HasErrors)
// the Project is partial, or nil when no file could be read: good for showing
// excerpts, not for running. The drivers say which objects the connections have.
func Load(fsys fs.FS, drivers []engine.Driver) (*Project, []engine.Diag) {
	found := &findings{files: map[string]*File{}}
	b := &builder{findings: found, drivers: drivers, project: &Project{}}
	sources, whole := readAll(fsys, found)
	if len(sources) == 0 {
		if len(found.diags) == 0 {
			found.fault(engine.Pos{File: "project.yaml", Line: 1, Column: 1}, 1, "empty-project", "a project begins with a file of kind Project", "there is no spec file here")
		}
		return nil, found.sorted()
	}
	b.whole = whole
	b.build(sources)
	return b.project, found.sorted()
}

// readAll parses every spec file, in order of path. whole is false when one
// of them could not be parsed: what it would have held is then unknown.
func readAll(fsys fs.FS, found *findings) (sources []source, whole bool) {
	whole = true
	for _, name := range specFiles(fsys, found) {
		raw, ok := readFile(fsys, name, found)
		if !ok {
			whole = false
			continue
		}
		root := parse(name, raw, found)
		if root == nil {
			whole = false
			continue
		}
		sources = append(sources, source{file: found.files[name], root: root})
	}
	return sources, whole
}

// specFiles lists the YAML files by path; hidden ones are left out.
func specFiles(fsys fs.FS, found *findings) []string {
	var names []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			found.fault(engine.Pos{File: name, Line: 1, Column: 1}, 1, "unreadable", "check that it is there and may be read", "this cannot be read")
			return skipOn(d)
		}
		if name != "." && strings.HasPrefix(d.Name(), ".") {
			return skipOn(d)
		}
		if ext := path.Ext(name); !d.IsDir() && (ext == ".yaml" || ext == ".yml") {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		found.fault(engine.Pos{File: ".", Line: 1, Column: 1}, 1, "unreadable", "check that it is there and may be read", "the project's directory cannot be read")
	}
	slices.Sort(names)
	return names
}

func skipOn(d fs.DirEntry) error {
	if d != nil && d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func readFile(fsys fs.FS, name string, found *findings) ([]byte, bool) {
	at := engine.Pos{File: name, Line: 1, Column: 1}
	f, err := fsys.Open(name)
	if err != nil {
		found.fault(at, 1, "unreadable", "check that it is there and may be read", "this file cannot be opened")
		return nil, false
	}
	raw, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err = errors.Join(err, f.Close()); err != nil {
		found.fault(at, 1, "unreadable", "check that it is there and may be read", "this file cannot be read")
		return nil, false
	}
	if len(raw) > maxBytes {
		found.fault(at, 1, "too-large", "split it into several files", "this file is larger than 1 MiB")
		return nil, false
	}
	return raw, true
}

// version hashes the files that decide about behaviour: all but the tests.
func version(sources []source) string {
	h := sha256.New()
	for _, s := range sources {
		if s.kind != "Test" {
			fmt.Fprintf(h, "%q\n%q\n", s.file.Path, s.file.Lines)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Excerpt returns the line of a place as it stands in its file, or "".
func (p *Project) Excerpt(pos engine.Pos) string {
	for i := range p.Files {
		if p.Files[i].Path == pos.File {
			return excerpt(&p.Files[i], pos.Line)
		}
	}
	return ""
}
