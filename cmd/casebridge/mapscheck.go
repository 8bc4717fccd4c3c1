package main

import (
	"bytes"
	"io/fs"
	"strings"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// checkedWith says what validate would say if the edits were made.
func (a *app) checkedWith(edits []mapEdit) ([]engine.Diag, error) {
	place, root, err := a.place()
	if err != nil {
		return nil, err
	}
	over := edited{FS: place.Files, texts: map[string][]byte{}}
	for _, e := range edits {
		over.texts[e.m.At.File] = []byte(strings.Join(e.lines, "\n"))
	}
	place.Files = over
	_, diags := compileFrom(place, root)
	return diags, nil
}

// edited are files of which some have another text than on disk.
type edited struct {
	fs.FS
	texts map[string][]byte
}

func (e edited) Open(name string) (fs.File, error) {
	text, ok := e.texts[name]
	if !ok {
		return e.FS.Open(name)
	}
	return &editedFile{Reader: bytes.NewReader(text), name: name}, nil
}

// editedFile is a text in memory as a file.
type editedFile struct {
	*bytes.Reader
	name string
}

func (f *editedFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *editedFile) Close() error               { return nil }
func (f *editedFile) Name() string               { return f.name }
func (f *editedFile) Mode() fs.FileMode          { return 0o444 }
func (f *editedFile) ModTime() time.Time         { return time.Time{} }
func (f *editedFile) IsDir() bool                { return false }
func (f *editedFile) Sys() any                   { return nil }
