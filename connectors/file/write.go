package file

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/engine"
)

// Write adds one line per change and makes the group durable before it says done.
func (c *connection) Write(ctx context.Context, changes []engine.Change) []engine.Outcome {
	outcomes := make([]engine.Outcome, len(changes))
	if ctx.Err() != nil {
		for i := range outcomes {
			outcomes[i] = engine.Outcome{State: engine.Unsent, Fault: cancelled("write")}
		}
		return outcomes
	}
	lines := map[string]*bytes.Buffer{}
	for i := range changes {
		outcomes[i] = c.line(&changes[i], lines)
	}
	for _, path := range []string{c.write, c.outbox} {
		if lines[path] == nil {
			continue
		}
		if state, err := c.add(path, lines[path].Bytes()); err != nil {
			c.failed(changes, outcomes, path, state, err)
		}
	}
	return outcomes
}

// line adds the line of one change to those of its file.
func (c *connection) line(change *engine.Change, lines map[string]*bytes.Buffer) engine.Outcome {
	path := c.pathOf(change)
	raw, id, reason := asLine(change)
	if path == "" {
		reason = "this connection cannot write that, or has no file for it"
	}
	if reason != "" {
		return engine.Outcome{State: engine.Refused, Fault: &engine.Fault{
			Kind: engine.Rejected, Op: "write to " + c.name, Ref: change.Target, Err: errors.New(reason), Next: "Correct the mapping or the settings of this connection.",
		}}
	}
	if lines[path] == nil {
		lines[path] = &bytes.Buffer{}
	}
	lines[path].Write(raw)
	lines[path].WriteByte('\n')
	return engine.Outcome{State: engine.Done, ID: id}
}

func (c *connection) pathOf(change *engine.Change) string {
	switch {
	case change.Object == c.name+"."+recordName && (change.Verdict == engine.Create || change.Verdict == engine.Update):
		return c.write
	case change.Object == c.name+"."+messageName && change.Verdict == engine.Send:
		return c.outbox
	}
	return ""
}

// asLine writes a document on one line. A record carries its id, of the document or of the target.
func asLine(change *engine.Change) (line []byte, id, reason string) {
	var out bytes.Buffer
	if json.Compact(&out, change.Document.Raw()) != nil || !gjson.ParseBytes(out.Bytes()).IsObject() {
		return nil, "", "the document is not a JSON object"
	}
	if change.Verdict == engine.Send {
		return out.Bytes(), "", ""
	}
	id = idOf(out.Bytes())
	switch {
	case id == "" && change.Target == "":
		return nil, "", "a record needs an id"
	case id != "" && change.Target != "" && id != change.Target:
		return nil, "", "the id of a record cannot be changed"
	case id != "":
		return out.Bytes(), id, ""
	}
	text, err := json.Marshal(change.Target)
	if err != nil {
		return nil, "", "the id cannot be written as JSON"
	}
	head := gjson.ParseBytes(append(append([]byte(`{"id":`), text...), '}'))
	return merge(head, gjson.ParseBytes(out.Bytes())), change.Target, ""
}

var errArray = errors.New("it holds a JSON array, to which no lines can be added")

// add appends lines to a file. state is what to say of them when that fails.
func (c *connection) add(path string, lines []byte) (state engine.State, err error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return engine.Unsent, err
	}
	if firstByte(bufio.NewReader(f)) == '[' {
		return engine.Unsent, errors.Join(errArray, f.Close())
	}
	state, err = appendTo(f, lines)
	return state, errors.Join(err, f.Close())
}

// appendable is a file that is open for adding to its end.
type appendable interface {
	io.Writer
	Stat() (fs.FileInfo, error)
	Truncate(size int64) error
	Sync() error
}

// appendTo adds lines and makes them durable. Of a write that was cut nothing stays: half a line would
// spoil every later read. Lines that are certainly gone are unsent, others unknown.
func appendTo(f appendable, lines []byte) (state engine.State, err error) {
	before, err := f.Stat()
	if err != nil {
		return engine.Unsent, err
	}
	n, err := f.Write(lines)
	if err == nil {
		return engine.Unknown, f.Sync()
	}
	// Where another process added to the file meanwhile, cutting it would take that too.
	if after, failed := f.Stat(); failed != nil || after.Size() != before.Size()+int64(n) {
		return engine.Unknown, err
	}
	if n == 0 {
		return engine.Unsent, err
	}
	if f.Truncate(before.Size()) != nil || f.Sync() != nil {
		return engine.Unknown, err
	}
	return engine.Unsent, err
}

// failed takes back what was said of the changes of a file.
func (c *connection) failed(changes []engine.Change, outcomes []engine.Outcome, path string, state engine.State, err error) {
	for i := range changes {
		if outcomes[i].State == engine.Done && c.pathOf(&changes[i]) == path {
			outcomes[i] = engine.Outcome{State: state, Fault: fault("write to "+c.name, path, err)}
		}
	}
}
