package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// Record is one record as a system gave it.
type Record struct {
	Object string    // "east.case"
	ID     string    // value of the object's ID field; "" where it has none
	Stamp  time.Time // the server's own stamp of the last change; zero when the system gives none
	Found  string    // in an answer to Find: the asked value that this record answers
	Body   Body
	Known  Body   // of a record with a Fault: an object of the codes that can be told of it for certain, null where there is none; what is not in it is not known
	Fault  *Fault // the system gave this record in a form that cannot be used; Body is then empty, and Fault.Ref what people call the record
}

// Query asks for the records of one object that changed in a window.
type Query struct {
	Object string    // without the connection: "case"
	Since  time.Time // inclusive; zero means everything there is
	Until  time.Time // inclusive; zero means now; only for objects that know a Window
	Named  string    // only the record whose Object.Named field has this value; the window is then ignored
	Fields []string  // top-level fields that will be used; a system may give more
}

// Lookup asks for records by value, many at once.
type Lookup struct {
	Object string   // without the connection
	By     string   // one of Object.By; "" means Values are IDs of the owner (Object.Of)
	Values []string // distinct, not empty
	Fields []string // top-level fields that will be used
}

// Reader reads one system. It never changes anything there.
type Reader interface {
	// Read streams the records of a window, one at a time, in any order, each (by its
	// identity in the system) once. The first error ends the reading: the window was then
	// not read whole. An error is a *Fault. Stopping early is allowed.
	Read(ctx context.Context, q Query) iter.Seq2[Record, error]

	// Find returns every record that answers one of the values, each with Found set.
	// Values that nothing answers are simply missing. A Reader must make sure that each
	// record really answers (an ignored filter is a Fault, not a result). An error is a *Fault
	// and says nothing about any value. Safe for concurrent use.
	Find(ctx context.Context, l Lookup) ([]Record, error)
}

// Writer changes one system.
type Writer interface {
	// Write sends changes of one object, at most Object.Batch of them, and returns one
	// Outcome per change, in order. It retries by itself only what is harmless to repeat,
	// and says Unknown when the system may have acted. Cancelling ctx before the request
	// left gives Unsent, afterwards Unknown. Safe for concurrent use.
	Write(ctx context.Context, changes []Change) []Outcome
}

// Connection is one opened system.
type Connection interface {
	Reader() Reader
	Writer() Writer
	// Check signs in and proves that filters and rights are as needed; an error is a *Fault.
	Check(ctx context.Context) error
	Close() error
}

// Driver is one kind of system. Open must not talk to the system.
type Driver interface {
	Name() string
	Settings() []Setting
	Objects() []Object
	Open(o Opening) (Connection, error)
}

// Setting is one thing that a connection must or may be told.
type Setting struct {
	Name     string // "url"; set as connections.<name>.url, <NAME>_URL or --set
	Note     string
	Secret   bool
	Required bool
	Default  string
}

// Opening is what a Driver gets to open a connection with. Nothing else is read from outside.
type Opening struct {
	Connection string // name of the connection in the project
	Settings   Settings
	Transport  http.RoundTripper // nil means the driver's own; plan passes one that refuses writes
	Now        func() time.Time
	Log        *slog.Logger
	TempDir    string    // for spools; "" means the system's
	Stdin      io.Reader // for drivers that can read it
}

// Settings are a connection's values by name, defaults filled in. They never print.
type Settings struct{ values func(string) string } // a function, for the reason given at Body

// NewSettings keeps values; the map must not be changed afterwards.
func NewSettings(values map[string]string) Settings {
	return Settings{values: func(name string) string { return values[name] }}
}

// Text returns a setting, "" when it was not given.
func (s Settings) Text(name string) string {
	if s.values == nil {
		return ""
	}
	return s.values(name)
}

// Secret returns a setting as a Secret.
func (s Settings) Secret(name string) Secret { return NewSecret(s.Text(name)) }

// Number returns a whole or fractional number. A text that is none is an environment Fault that names the setting.
func (s Settings) Number(name string) (float64, error) {
	v, err := strconv.ParseFloat(s.Text(name), 64)
	if err != nil {
		return 0, &Fault{Kind: Environment, Op: "read settings", Ref: name, Err: errNotNumber}
	}
	return v, nil
}

// Duration returns a duration such as "30s". A text that is none is an environment Fault that names the setting.
func (s Settings) Duration(name string) (time.Duration, error) {
	v, err := time.ParseDuration(s.Text(name))
	if err != nil {
		return 0, &Fault{Kind: Environment, Op: "read settings", Ref: name, Err: errNotDuration}
	}
	return v, nil
}

func (s Settings) String() string { return "[settings]" }

// Format withholds the settings under every verb.
func (s Settings) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[settings]") }

// MarshalJSON withholds the settings.
func (s Settings) MarshalJSON() ([]byte, error) { return json.Marshal("[settings]") }

// LogValue withholds the settings from slog.
func (s Settings) LogValue() slog.Value { return slog.StringValue("[settings]") }
