// Package file is a system made of files: JSON lines, JSON arrays or standard
// input on the reading side, JSON lines on the writing side. It serves examples,
// previews, and systems that exchange files. It has no server, no rights and no
// history; what its records hold is described by the catalogue alone.
//
// A file of records is a log: a later line with an id that stood there before
// changes that record. Fields of the later line replace those of the earlier,
// rows are merged by their id or unique_id. So writing the same twice is harmless,
// and a file that is read and written is a target that can be found again.
package file

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/casebridge/casebridge/engine"
)

// The objects' names.
const (
	recordName  = "record"
	messageName = "message"
)

// Driver opens files. The zero Driver is ready.
type Driver struct{}

// Name implements engine.Driver.
func (Driver) Name() string { return "file" }

// Settings implements engine.Driver.
func (Driver) Settings() []engine.Setting {
	return []engine.Setting{
		{Name: "read", Note: `file of records (JSON lines, or one JSON array), a folder of such files (.json, .ndjson, .jsonl), or "-" for standard input; not given: the file of "write"`},
		{Name: "write", Note: "file that written records are added to, as JSON lines"},
		{Name: "outbox", Note: "file that sent messages are added to, as JSON lines"},
	}
}

// Objects implements engine.Driver. What else a record or message holds is the catalogue's.
func (Driver) Objects() []engine.Object {
	return []engine.Object{
		{
			Name: recordName, Note: "one record of a file; its fields stand in the catalogue", Open: true,
			Fields: []engine.Field{
				{Name: "id", Type: engine.Text, Class: engine.Code, Required: true, Note: "tells the records apart"},
				{Name: "external_id", Type: engine.Text, Class: engine.Code, Note: "the record's id in another system"},
				{Name: "updated_at", Type: engine.Instant, Class: engine.Code, Note: "a record without it is part of every window"},
			},
			ID: "id", By: []string{"id", "external_id"}, Listed: true, Grain: engine.Second, Mark: engine.MarkStart, Named: "id",
			Verbs: []engine.Verb{engine.CreateVerb, engine.UpdateVerb}, Repeatable: true, Batch: batch,
		},
		{
			Name: messageName, Note: "a document that is handed over and not read back", Open: true,
			Verbs: []engine.Verb{engine.SendVerb}, Batch: batch,
		},
	}
}

// batch is how many lines are made durable together.
const batch = 200

// Open implements engine.Driver. It does not touch the files.
func (Driver) Open(o engine.Opening) (engine.Connection, error) {
	c := &connection{
		name: o.Connection, stdin: o.Stdin,
		read: o.Settings.Text("read"), write: o.Settings.Text("write"), outbox: o.Settings.Text("outbox"),
	}
	if c.read == "" {
		c.read = c.write
	}
	if c.read == "" && c.outbox == "" {
		return nil, fault("open connection "+c.name, "read", errors.New("none of read, write and outbox is set"))
	}
	if c.read == "-" && c.write != "" {
		return nil, fault("open connection "+c.name, "read", errors.New("standard input cannot be written back to a file"))
	}
	if c.write != "" && c.write == c.outbox {
		return nil, fault("open connection "+c.name, "outbox", errors.New("must not be the file of write: messages are no records"))
	}
	c.index = &index{connection: c.name, root: c.read, mayLack: c.read == c.write, whole: c.writing.RLocker()}
	return c, nil
}

// connection is reader, writer and connection in one. Safe for concurrent use.
type connection struct {
	name                string
	stdin               io.Reader
	read, write, outbox string

	index   *index
	writing sync.RWMutex // held while lines are added; shared while they are indexed: half a line is no record
}

// Reader implements engine.Connection.
func (c *connection) Reader() engine.Reader { return c }

// Writer implements engine.Connection.
func (c *connection) Writer() engine.Writer { return c }

// Close implements engine.Connection.
func (c *connection) Close() error { return nil }

// Check makes sure that what is to be read is whole and that what is to be written has a folder.
func (c *connection) Check(ctx context.Context) error {
	for _, path := range []string{c.write, c.outbox} {
		if path == "" {
			continue
		}
		if s, err := os.Stat(filepath.Dir(path)); err != nil || !s.IsDir() {
			return fault("check folder of "+c.name, path, errors.New("the folder does not exist"))
		}
	}
	if c.read == "-" || c.read == "" {
		return nil
	}
	return c.index.refresh(ctx)
}

func fault(op, ref string, err error) *engine.Fault {
	return &engine.Fault{Kind: engine.Environment, Op: op, Ref: ref, Err: cause(err), Next: "Check the settings of this connection and the file."}
}

// cause leaves the path out of a file error: the fault names it already.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func cancelled(op string) *engine.Fault {
	return &engine.Fault{Kind: engine.Cancelled, Op: op, Err: errors.New("told to stop")}
}
