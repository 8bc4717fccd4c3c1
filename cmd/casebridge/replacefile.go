package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/casebridge/casebridge/engine"
)

// replaceFile writes a file whole or not at all; one that is there keeps its mode, and stays behind a link that leads to it.
func replaceFile(path string, text []byte) error {
	if err := replaceWhole(path, text); err != nil {
		return &engine.Fault{Kind: engine.Environment, Op: "write file", Ref: path, Err: err, Next: "This file is as it was before."}
	}
	return nil
}

func replaceWhole(path string, text []byte) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	next, err := os.CreateTemp(filepath.Dir(path), ".casebridge-*")
	if err != nil {
		return err
	}
	_, err = next.Write(text)
	err = errors.Join(err, next.Chmod(mode), next.Close())
	if err == nil {
		err = os.Rename(next.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next.Name()))
	}
	return nil
}
