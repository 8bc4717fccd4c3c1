package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/casebridge/casebridge/engine"
)

//go:embed migrations/sqlite/*.sql
var migrations embed.FS

var (
	errNoClock   = errors.New("Options.Now is needed")
	errKeySize   = errors.New("a store key has 32 bytes")
	errDirectory = errors.New("it is a directory")
)

// Settings of SQLite's connections.
const (
	patience = "_pragma=busy_timeout(10000)" // how long one program waits for another's transaction
	onDisk   = "_pragma=synchronous(FULL)"   // a transaction survives a power cut once it returned
	fleeting = "_pragma=synchronous(OFF)"
	wiped    = "_pragma=secure_delete(ON)" // what is deleted is overwritten: purged documents leave nothing behind
)

// Open opens the store at o.Path, making or migrating it as needed. An error is
// an environment Fault that says what to do: the file is damaged, locked, not
// writable, of a newer program, or belongs to another project or system.
func Open(ctx context.Context, o Options) (*Store, error) {
	if err := prepare(o.Path); err != nil {
		return nil, err
	}
	return open(ctx, o, onDisk)
}

// open opens a file that is there.
func open(ctx context.Context, o Options, durability string) (*Store, error) {
	s, err := fresh(o)
	if err != nil {
		return nil, err
	}
	s.write, err = openPool(o.Path, patience, "_txlock=immediate", "_pragma=journal_mode(WAL)", wiped, durability)
	if err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = openPool(o.Path, patience, "_pragma=query_only(1)"); err != nil {
		return nil, errors.Join(err, s.write.Close())
	}
	s.read.SetMaxOpenConns(4)
	if err := s.ready(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func fresh(o Options) (*Store, error) {
	if o.Now == nil {
		return nil, misuse("open store", o.Path, errNoClock)
	}
	s := &Store{path: o.Path, project: o.Project, now: o.Now, payloadFor: o.PayloadFor}
	if o.Key == nil {
		return s, nil
	}
	var err error
	s.seal, err = newSealer(o.Key)
	return s, err
}

// ready brings the schema up to date and checks whose store it is.
func (s *Store) ready(ctx context.Context, o Options) error {
	if err := insist(ctx, func() error { return s.migrate(ctx) }); err != nil {
		return broken("open store", o.Path, err)
	}
	return s.change(ctx, "open store", o.Path, func(tx *transaction) error { return stamp(ctx, tx, o) })
}

// insist tries again while another program is making or migrating the same store:
// SQLite does not wait for a change of the journal's mode, and goose looks before it creates.
func insist(ctx context.Context, do func() error) error {
	ctx, stop := context.WithTimeout(ctx, 15*time.Second)
	defer stop()
	for pause := 20 * time.Millisecond; ; pause *= 2 {
		err := do()
		if err == nil || !passing(err) || pause > 3*time.Second {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// passing says whether an error may be gone in a moment.
func passing(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	code := e.Code() & 0xff
	return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED || code == sqlite3.SQLITE_ERROR
}

// Close closes the store; a scratch copy is deleted.
func (s *Store) Close() error {
	err := errors.Join(s.read.Close(), s.write.Close())
	if s.discard != "" {
		err = errors.Join(err, os.RemoveAll(s.discard))
	}
	return broken("close store", s.path, err)
}

// prepare makes the directories and an empty file that only this user can read.
// SQLite gives its side files the rights of the main one.
func prepare(path string) error {
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = private(path)
	}
	if err != nil {
		return &engine.Fault{Kind: engine.Environment, Op: "open store", Ref: path, Err: err,
			Next: "Let this user write the store file and its directory, or name another store."}
	}
	return nil
}

// private makes sure that the file is there and closed to others. It never opens
// a file that is there: closing it would drop the locks that SQLite holds on it.
func private(path string) error {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		switch {
		case errors.Is(err, fs.ErrExist): // another program made it meanwhile
			return nil
		case err != nil:
			return err
		}
		return f.Close()
	case err != nil:
		return err
	case st.IsDir():
		return errDirectory
	case st.Mode().Perm()&0o077 != 0:
		return os.Chmod(path, 0o600)
	}
	return nil
}

// openPool opens connections to the file at path with SQLite's settings.
func openPool(path string, settings ...string) (*sql.DB, error) {
	settings = append([]string{"_pragma=foreign_keys(1)"}, settings...)
	escaped := (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
	db, err := sql.Open("sqlite", "file:"+escaped+"?"+strings.Join(settings, "&"))
	return db, broken("open store", path, err)
}

// migrate brings the schema up to this program's; a newer one is refused.
func (s *Store) migrate(ctx context.Context) error {
	sub, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, s.write, sub,
		goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true), goose.WithTableName("schema_versions"))
	if err != nil {
		return err
	}
	sources := p.ListSources()
	s.schema = sources[len(sources)-1].Version
	was, err := p.GetDBVersion(ctx)
	switch {
	case err != nil:
		return err
	case was > s.schema:
		return &engine.Fault{Kind: engine.Environment, Op: "open store", Ref: s.path,
			Err:  fmt.Errorf("it was written by a newer program (schema %d; this one knows %d)", was, s.schema),
			Next: "Use the newer casebridge, or restore the backup that was made before it."}
	case was == s.schema:
		return nil
	}
	_, err = p.Up(ctx)
	return err
}

// stamp writes down whose store this is, or refuses a store of somebody else.
func stamp(ctx context.Context, tx *transaction, o Options) error {
	if err := stampOne(ctx, tx, "project", o.Project, refuseProject); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(o.URLs)) {
		if err := stampOne(ctx, tx, urlStamp+name, Whereabouts(o.URLs[name]), refuseURL); err != nil {
			return err
		}
	}
	return nil
}

const urlStamp = "url "

func stampOne(ctx context.Context, tx *transaction, name, value string, refuse func(name, was, now string) error) error {
	if value == "" {
		return nil
	}
	if _, err := tx.exec(ctx, `INSERT INTO stamps (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, value); err != nil {
		return err
	}
	var was string
	if err := tx.row(ctx, `SELECT value FROM stamps WHERE name = $1`, []any{name}, &was); err != nil {
		return err
	}
	if was != value {
		return refuse(name, was, value)
	}
	return nil
}

func refuseProject(_, was, now string) error {
	return &engine.Fault{Kind: engine.Environment, Op: "open store",
		Err:  fmt.Errorf("it belongs to project %s, not to %s", was, now),
		Next: "Name another store for this project."}
}

func refuseURL(name, was, now string) error {
	connection := strings.TrimPrefix(name, urlStamp)
	return &engine.Fault{Kind: engine.Environment, Op: "open store", Ref: connection,
		Err: fmt.Errorf("this store belongs to %s, but the connection leads to %s", was, now),
		Next: "What was sent to one system says nothing about another: set the URL back, or name another store for " + now +
			" and record what was sent there (state adopt). Only if the same system has moved there: `casebridge state restamp " + connection + "`."}
}

// Whereabouts is a URL reduced to what names a system: host, port and path,
// without scheme, credentials, query and a slash at the end. Anything else stays as it is.
func Whereabouts(text string) string {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host == "" {
		return strings.TrimSpace(text)
	}
	host := strings.ToLower(u.Host)
	for _, usual := range []string{":80", ":443"} {
		host = strings.TrimSuffix(host, usual)
	}
	return host + strings.TrimRight(u.EscapedPath(), "/")
}
