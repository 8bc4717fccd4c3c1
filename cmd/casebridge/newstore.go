package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
)

// newStoreText is what persons must know before a store begins: the ledger of what was sent is in it and nowhere else.
const newStoreText = "the store %s does not exist yet and begins with this run: it knows of nothing that was sent before. If casebridge or older jobs\n" +
	"have worked between these systems already, use their store (--store), or take over first with `casebridge state adopt`; else it goes a second time.\n"

// newStorePlan is the same for those who look first.
const newStorePlan = "There is no store %s yet: nothing counts as sent.\n\n"

// backupPlan is for those who look at a backup.
const backupPlan = "The store %s is a backup made on %s: what was sent since is not known to it, and a run refuses to send with it.\n\n"

// isNew says whether a store's file is not there yet.
func isNew(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, os.ErrNotExist)
}

// isThere refuses a store that does not exist to whoever asks about it or decides in it. Begun by a question
// under a mistyped path, it would be there when a run comes, and nobody would be told that it knows nothing.
func isThere(path string) error {
	if !isNew(path) {
		return nil
	}
	return &engine.Fault{Kind: engine.Environment, Op: "open the store", Ref: path, Err: errors.New("there is no such store"),
		Next: "The first `casebridge run` makes it, or `casebridge state adopt`; or name the right one with --store."}
}

// named is a store whose path somebody gave. Its directory is not made: a path with a mistake in it would
// begin a second store, from which everything would be sent again.
func named(path string) (string, error) {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) || err == nil && !info.IsDir() {
		return "", &engine.Fault{Kind: engine.Environment, Op: "find the store", Ref: path, Err: fmt.Errorf("there is no directory %s", dir),
			Next: "Correct the path; if the store shall begin there, make the directory first."}
	}
	return path, nil
}

// beginsSending says whether the store begins now, and with flows that could send what must not be sent twice.
func (s *session) beginsSending(flows []*mapping.Flow) bool {
	return s.begins != "" && slices.ContainsFunc(flows, func(f *mapping.Flow) bool { return sendsOnce(s.c.project, f.Spec().Routes) })
}

// tellKey says on stderr when the store holds what the key that is given does not open: a plan or run would go on as if
// nothing had been recalled, and block what needs it.
func (a *app) tellKey(ctx context.Context, st *store.Store) error {
	k, err := st.KeyState(ctx)
	if err != nil || k.Unreadable == 0 {
		return err
	}
	held := plural(k.Unreadable, "1 record of the store", "%d records of the store")
	if k.Given {
		_, err = fmt.Fprintf(a.stderr, "casebridge: %s cannot be read with this store key. Give the key that was used before; if it is lost, run on: they are remembered again when they are next read.\n", held)
	} else {
		_, err = fmt.Fprintf(a.stderr, "casebridge: %s cannot be read without the store key, and none is given: set CASEBRIDGE_KEY_FILE or CASEBRIDGE_KEY.\n", held)
	}
	return err
}

// sendsOnce says whether routes send what its receiver would have twice.
func sendsOnce(p *spec.Project, routes []*spec.Route) bool {
	return slices.ContainsFunc(routes, func(r *spec.Route) bool {
		return sendsOnce(p, r.Routes) || slices.ContainsFunc(r.Writes, func(w spec.Write) bool {
			object := p.Object(w.Object.Text)
			return object != nil && w.Verb.Text == string(engine.SendVerb) && !object.Repeatable
		})
	})
}
