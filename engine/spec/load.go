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
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/casebridge/casebridge/engine"
)

// Place is where a project's files are.
type Place struct {
	Files fs.FS
	// Outside opens the directory that `extends` names, as written there: relative to Files,
	// or a name that the caller knows. Nil: a project here cannot extend another one.
	Outside func(dir string) (Place, error)
}

// Load is LoadFrom for a project that extends no other.
func Load(fsys fs.FS, drivers []engine.Driver) (*Project, []engine.Diag) {
	return LoadFrom(Place{Files: fsys}, drivers)
}

// LoadFrom reads and checks every .yaml and .yml file of a project, and of the one that it
// extends. It returns all findings at once, sorted by place. With errors among them
// (engine.HasErrors) the Project is partial, or nil when no file could be read: good for
// showing excerpts, not for running. The drivers say which objects the connections have.
func LoadFrom(place Place, drivers []engine.Driver) (*Project, []engine.Diag) {
	found := &findings{files: map[string]*File{}}
	b := &builder{findings: found, drivers: drivers, project: &Project{}, whole: true, meant: map[string]bool{}}
	sources := b.readAll(place.Files, "")
	if len(b.project.Files) == 0 && len(found.diags) == 0 {
		found.fault(engine.Pos{File: "project.yaml", Line: 1, Column: 1}, 1, "empty-project", "a project begins with a file of kind Project", "there is no spec file here")
	}
	sources = b.extend(place, sources)
	if len(sources) == 0 {
		return nil, found.sorted()
	}
	b.build(sources)
	return b.project, found.sorted()
}

// readAll parses the files of a directory and checks their form, several at once, and returns
// in order of path those whose kind is known; dir stands before their paths. The builder is not
// whole when one is left out: what it would have held is then unknown.
func (b *builder) readAll(fsys fs.FS, dir string) []source {
	names := specFiles(fsys, dir, b.findings)
	read := make([]source, len(names))
	var rules *schemas
	var err error
	inParallel(len(names)+1, func(i int) {
		if i == 0 {
			rules, err = theSchemas()
			return
		}
		read[i-1] = readSource(fsys, dir, names[i-1])
	})
	if err != nil {
		b.fault(engine.Pos{File: path.Join(dir, "project.yaml"), Line: 1, Column: 1}, 1, "internal", "this is a fault of the program, not of the specs", "the embedded schemas cannot be used: %s", err)
		return nil
	}
	inParallel(len(read), func(i int) { read[i].checkForm(rules) })
	var sources []source
	for _, s := range read {
		b.merge(s.found)
		if s.file != nil {
			s.file.Below = dir != ""
			b.project.Files = append(b.project.Files, *s.file)
		}
		if s.kind == "" {
			b.whole = false
			continue
		}
		sources = append(sources, s)
	}
	return sources
}

// inParallel calls f for 0 to n-1, several at once; no two calls may touch the same thing.
func inParallel(n int, f func(i int)) {
	var calls errgroup.Group
	calls.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		calls.Go(func() error {
			f(i)
			return nil
		})
	}
	_ = calls.Wait() // no call fails: what is wrong with a file stands in its findings
}

// readSource reads one file. Its root is nil when it cannot be parsed.
func readSource(fsys fs.FS, dir, name string) source {
	s := source{found: &findings{files: map[string]*File{}}}
	shown := path.Join(dir, name)
	if raw, ok := readFile(fsys, name, shown, s.found); ok {
		s.root = parse(shown, raw, s.found)
		s.file = s.found.files[shown]
	}
	return s
}

// checkForm checks the file against the schema of its kind; kind stays "" when there is none.
func (s *source) checkForm(rules *schemas) {
	if s.root == nil {
		return
	}
	f := form{findings: s.found, schemas: rules, root: s.root}
	if s.kind = f.kindOf(); s.kind != "" {
		f.check()
	}
}

// specFiles lists the YAML files by path; hidden ones are left out.
func specFiles(fsys fs.FS, dir string, found *findings) []string {
	var names []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			found.fault(engine.Pos{File: path.Join(dir, name), Line: 1, Column: 1}, 1, "unreadable", "check that it is there and may be read", "this cannot be read")
			return skipOn(d)
		}
		if name != "." && strings.HasPrefix(d.Name(), ".") {
			return skipOn(d)
		}
		if ext := strings.ToLower(path.Ext(name)); !d.IsDir() && (ext == ".yaml" || ext == ".yml") {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		found.fault(engine.Pos{File: path.Join(".", dir), Line: 1, Column: 1}, 1, "unreadable", "check that it is there and may be read", "the project's directory cannot be read")
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

func readFile(fsys fs.FS, name, shown string, found *findings) ([]byte, bool) {
	at := engine.Pos{File: shown, Line: 1, Column: 1}
	if info, err := fs.Stat(fsys, name); err == nil && !info.Mode().IsRegular() {
		found.fault(at, 1, "unreadable", "keep only files here", "this is not a file, though its name ends like one") // a pipe would be waited for
		return nil, false
	}
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
