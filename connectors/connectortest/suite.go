// Package connectortest is the conformance suite that every driver passes: what
// package engine promises of Reader, Writer and Object, proved against a real or
// simulated system. It knows no system; what its tests need to know stands in a
// Suite. What an object does not support is skipped, and the skip says so.
package connectortest

import (
	"net/http"
	"testing"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

// Suite is a driver and a system to try it on.
type Suite struct {
	Driver     engine.Driver
	Connection string // the name that Open gives the connection

	// Open returns a connection to a fresh system that holds what Known says, with this transport
	// (nil: the driver's own). It is called once per test.
	Open func(t *testing.T, transport http.RoundTripper) engine.Connection

	// Local says that the driver uses no HTTP: it is not tried on a transport that refuses writes.
	Local bool

	Known []Known
}

// Known is what the fresh system holds of one object.
type Known struct {
	Object string

	Listed int    // how many records a reading of everything gives; at least 2 for objects that are Listed
	Named  string // value of Object.Named of exactly one of them; "" when the object has no Named

	// Lookups are tried one by one. Every field of Object.By needs one, and so does the owner of an owned object.
	Lookups []Lookup

	// Changes are writes that the system takes, all of one group; nil for objects without verbs.
	Changes func(t *testing.T) []engine.Change
}

// Lookup is what a Find is known to answer.
type Lookup struct {
	By      string   // "" for an owner's ID
	Present []string // each is answered by at least one record
	Absent  string   // answered by none; with numbers put behind it still none
}

// Run proves the promises, each in a test of its own.
func Run(t *testing.T, s Suite) {
	t.Helper()
	t.Run("settings", s.settings)
	t.Run("objects", s.objects)
	for _, known := range s.Known {
		object, ok := s.object(known.Object)
		if !ok {
			t.Errorf("the driver has no object %q", known.Object)
			continue
		}
		c := try{Suite: s, Known: known, object: object}
		t.Run(known.Object, func(t *testing.T) {
			t.Run("read", c.read)
			t.Run("find", c.find)
			t.Run("write", c.write)
		})
	}
	t.Run("unknown object", s.unknownObject)
}

// try is one object under test.
type try struct {
	Suite
	Known
	object engine.Object
}

func (s Suite) object(name string) (engine.Object, bool) {
	for _, o := range s.Driver.Objects() {
		if o.Name == name {
			return o, true
		}
	}
	return engine.Object{}, false
}

// open opens a connection that is closed with the test.
func (s Suite) open(t *testing.T, transport http.RoundTripper) engine.Connection {
	t.Helper()
	conn := s.Open(t, transport)
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return conn
}

// planned opens a connection as a plan does.
func (s Suite) planned(t *testing.T) engine.Connection {
	t.Helper()
	return s.open(t, rest.ReadOnly(http.DefaultTransport))
}
