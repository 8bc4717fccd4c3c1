package file

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/connectors/strictjson"
	"github.com/casebridge/casebridge/engine"
)

// span is where one line of a record stands.
type span struct {
	file  int
	start int64
	size  int
}

// index knows where the records are, not what they hold: memory is a few words per line.
type index struct {
	connection string      // its name, for faults
	root       string      // file or folder
	mayLack    bool        // a file that is not there yet has no records
	whole      sync.Locker // while it is held, nothing is added by this connection

	mu    sync.Mutex // guards the rest
	files []source
	order []string // ids, as they first appeared
	spans map[string][]span
	by    map[string][]string // external id, at any time, to ids
}

// source is a file and how much of it is indexed.
type source struct {
	path  string
	size  int64
	array bool
}

// refresh reads what was added since the last time, or everything when more than that happened.
func (x *index) refresh(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.whole.Lock()
	defer x.whole.Unlock()
	paths, err := x.paths()
	if err != nil {
		return err
	}
	if !x.grown(paths) {
		x.files, x.order, x.spans, x.by = nil, nil, map[string][]span{}, map[string][]string{}
		for _, p := range paths {
			x.files = append(x.files, source{path: p})
		}
	}
	for i := range x.files {
		if err := x.scan(ctx, i); err != nil {
			x.files = nil // the next refresh starts anew
			return err
		}
	}
	return nil
}

// paths lists the files, in order of their names.
func (x *index) paths() ([]string, error) {
	s, err := os.Stat(x.root)
	switch {
	case errors.Is(err, fs.ErrNotExist) && x.mayLack:
		return nil, nil
	case err != nil:
		return nil, x.fault(x.root, err)
	case !s.IsDir():
		return []string{x.root}, nil
	}
	entries, err := os.ReadDir(x.root)
	if err != nil {
		return nil, x.fault(x.root, err)
	}
	var paths []string
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); !e.IsDir() && slices.Contains([]string{".json", ".ndjson", ".jsonl"}, ext) {
			paths = append(paths, filepath.Join(x.root, e.Name()))
		}
	}
	return paths, nil
}

// grown says whether the known files still are what they were, or longer.
func (x *index) grown(paths []string) bool {
	if x.spans == nil || len(paths) != len(x.files) {
		return false
	}
	for i, f := range x.files {
		s, err := os.Stat(f.path)
		if err != nil || f.path != paths[i] || s.Size() < f.size || f.array && s.Size() != f.size {
			return false
		}
	}
	return true
}

// scan indexes what one file holds beyond what is known of it.
func (x *index) scan(ctx context.Context, i int) error {
	f, err := os.Open(x.files[i].path)
	if err != nil {
		return x.fault(x.files[i].path, err)
	}
	defer func() { _ = f.Close() }()
	s, err := f.Stat()
	if err != nil {
		return x.fault(x.files[i].path, err)
	}
	from, end := x.files[i].size, s.Size() // what others add behind the end is for the next time
	if end == from {
		return nil
	}
	array, err := eachValue(ctx, io.NewSectionReader(f, from, end-from), func(raw []byte, start int64) error {
		return x.note(raw, span{file: i, start: from + start, size: len(raw)})
	})
	var bad *badRecord
	if errors.As(err, &bad) {
		return x.fault(place(x.files[i].path, from+bad.at), bad.cause)
	}
	if err != nil {
		return err
	}
	x.files[i].size, x.files[i].array = end, array
	return nil
}

// note remembers one line.
func (x *index) note(raw []byte, at span) error {
	id := idOf(raw)
	if id == "" {
		return errNoID
	}
	if x.spans[id] == nil {
		x.order = append(x.order, id)
	}
	x.spans[id] = append(x.spans[id], at)
	if ext := gjson.GetBytes(raw, "external_id"); ext.Exists() && !slices.Contains(x.by[ext.String()], id) {
		x.by[ext.String()] = append(x.by[ext.String()], id)
	}
	return nil
}

// ids lists the records, those of an external id or all.
func (x *index) ids() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.order[:len(x.order):len(x.order)]
}

func (x *index) linked(external string) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.by[external])
}

// load reads one record; nil when there is none of that id.
func (x *index) load(id string) ([]byte, error) {
	x.mu.Lock()
	spans, files := slices.Clone(x.spans[id]), x.files
	x.mu.Unlock()
	var body []byte
	for _, s := range spans {
		raw := make([]byte, s.size)
		if err := readAt(files[s.file].path, raw, s.start); err != nil {
			return nil, x.fault(files[s.file].path, err)
		}
		if body == nil {
			body = raw
		} else {
			body = merge(gjson.ParseBytes(body), gjson.ParseBytes(raw))
		}
	}
	return body, nil
}

// readAt reads a span and makes sure that it still is a record.
func readAt(path string, into []byte, start int64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if _, err := f.ReadAt(into, start); err != nil || !gjson.ValidBytes(into) {
		return errors.New("it changed while it was read")
	}
	return nil
}

var (
	errNoID     = errors.New("the record that begins here has no id")
	errNoRecord = errors.New("no JSON object where a record should begin")
)

// badRecord is a cause and where in the text it stands: at is not behind the beginning of the record.
type badRecord struct {
	at    int64
	cause error
}

func (b *badRecord) Error() string { return b.cause.Error() }

// eachValue calls do for every JSON object of in, which is one array or values one after the other. What
// is wrong with a record, also what do says, is a *badRecord; being told to stop is not.
func eachValue(ctx context.Context, in io.Reader, do func(raw []byte, start int64) error) (array bool, err error) {
	buffered := bufio.NewReader(in)
	decoder := json.NewDecoder(buffered)
	if first := firstByte(buffered); first == '[' {
		array = true
		if _, err := decoder.Token(); err != nil {
			return array, &badRecord{0, errNoRecord}
		}
	}
	for !array || decoder.More() {
		if ctx.Err() != nil {
			return array, cancelled("read")
		}
		var raw json.RawMessage
		before := decoder.InputOffset()
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) && !array {
			return array, nil
		}
		if err != nil && ctx.Err() != nil {
			return array, cancelled("read")
		}
		if err != nil || !bytes.HasPrefix(raw, []byte("{")) {
			return array, &badRecord{before, errNoRecord}
		}
		if err := strictjson.Check(raw); err != nil {
			return array, &badRecord{before, fmt.Errorf("the record that begins here cannot be used: %w", err)}
		}
		if err := do(raw, decoder.InputOffset()-int64(len(raw))); errors.Is(err, errNoID) {
			return array, &badRecord{before, err}
		} else if err != nil {
			return array, err
		}
	}
	if ctx.Err() != nil {
		return array, cancelled("read")
	}
	if _, err := decoder.Token(); err != nil { // the closing bracket
		return array, &badRecord{decoder.InputOffset(), errNoRecord}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return array, &badRecord{decoder.InputOffset(), errNoRecord}
	}
	return array, nil
}

// place is "path:line" of what begins at offset or behind it; the path alone when nobody can say.
func place(path string, offset int64) string {
	f, err := os.Open(path)
	if err != nil {
		return path
	}
	defer func() { _ = f.Close() }()
	in, line := bufio.NewReader(f), 1
	for at := int64(0); ; at++ {
		c, err := in.ReadByte()
		if err != nil || at >= offset && c != '\n' && c != '\r' && c != '\t' && c != ' ' && c != ',' {
			return path + ":" + strconv.Itoa(line)
		}
		if c == '\n' {
			line++
		}
	}
}

// fault is an error about what this connection reads.
func (x *index) fault(ref string, err error) *engine.Fault {
	return fault("read records of "+x.connection, ref, err)
}

// firstByte looks at the first byte that is not white space, without taking it.
func firstByte(in *bufio.Reader) byte {
	for n := 1; n <= in.Size(); n++ {
		seen, err := in.Peek(n)
		if err != nil {
			return 0
		}
		if c := seen[n-1]; c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c
		}
	}
	return 0
}

// idOf is the id of a record as text; a number is taken as it is written.
func idOf(raw []byte) string {
	id := gjson.GetBytes(raw, "id")
	if id.Type == gjson.Number {
		return id.Raw
	}
	if id.Type == gjson.String {
		return id.Str
	}
	return ""
}
