package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/store"
)

// systems are the opened connections of a project.
type systems struct {
	readers map[string]engine.Reader
	writers map[string]engine.Writer
	open    []engine.Connection
	urls    map[string]string
}

// access says what connections are opened for.
type access bool

const (
	readOnly  access = false // the transport itself refuses every write
	readWrite access = true
)

// connect opens every connection of the project and signs in. For readOnly
// there are no writers, and the transport lets nothing but reading and signing in pass.
func (a *app) connect(ctx context.Context, c *compiled, s *settings, for_ access) (*systems, error) {
	sys := &systems{readers: map[string]engine.Reader{}, writers: map[string]engine.Writer{}, urls: map[string]string{}}
	for _, spec := range c.project.Drivers {
		name := spec.Name.Text
		values, err := s.connection(name)
		if err != nil {
			return nil, errors.Join(err, sys.close())
		}
		o := engine.Opening{Connection: name, Settings: values, Transport: a.transport, Now: a.now, Log: a.log(), Stdin: a.stdin}
		if for_ == readOnly {
			o.Transport = rest.ReadOnly(a.transport)
		}
		conn, err := c.drivers[name].Open(o)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("connection %s: %w", name, err), sys.close())
		}
		sys.open = append(sys.open, conn)
		sys.urls[name] = values.Text("url")
		sys.readers[name] = conn.Reader()
		if for_ == readWrite {
			sys.writers[name] = conn.Writer()
		}
		if err := conn.Check(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("%w: %s: %w", errEnvironment, name, err), sys.close())
		}
	}
	return sys, nil
}

func (s *systems) close() error {
	var errs []error
	for _, c := range s.open {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// storeOptions are what every command opens the store with.
func (a *app) storeOptions(c *compiled, s *settings, urls map[string]string) (store.Options, error) {
	path, err := a.storePath(s, c.project)
	if err != nil {
		return store.Options{}, err
	}
	key, err := s.key()
	if err != nil {
		return store.Options{}, err
	}
	payloadFor, err := s.span(keyPayload)
	return store.Options{Path: path, Project: c.project.Name.Text, URLs: urls, Key: key, Now: a.now, PayloadFor: payloadFor}, err
}
