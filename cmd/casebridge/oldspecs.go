package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
)

// lastRun names the specs of the last run.
const lastRun = "last"

// oldSpecs loads the specs to compare with: a directory, what ran last, or a state that git knows.
func (a *app) oldSpecs(ctx context.Context, now *compiled, against string) (*compiled, error) {
	place, root, err := a.oldPlace(ctx, now, against)
	if err != nil {
		return nil, err
	}
	c, diags := compileFrom(place, root)
	if !engine.HasErrors(diags) {
		return c, nil
	}
	if err := printDiags(a.stderr, diags); err != nil {
		return nil, err
	}
	fmt.Fprintf(a.stderr, "casebridge: the old specs (%s) have errors, so there is nothing to compare with\n", against)
	return nil, errSpecs
}

// oldPlace finds the files and how places in them are shown.
func (a *app) oldPlace(ctx context.Context, now *compiled, against string) (spec.Place, string, error) {
	if against == "" {
		return spec.Place{}, "", usageError{errors.New("say with --against what to compare with: a directory, a state that git knows (a branch, a tag, a commit), or last")}
	}
	if place, err := directory(against); err == nil {
		return place, against, nil
	}
	if against == lastRun {
		return a.lastSpecs(ctx, now)
	}
	return a.gitSpecs(ctx, against)
}

// lastSpecs are the specs of the newest run in the store.
func (a *app) lastSpecs(ctx context.Context, now *compiled) (spec.Place, string, error) {
	set, err := a.settings(now.project, now.drivers)
	if err != nil {
		return spec.Place{}, "", err
	}
	options, err := a.storeOptions(now, set, nil)
	if err != nil {
		return spec.Place{}, "", err
	}
	st, err := store.Scratch(ctx, options)
	if err != nil {
		return spec.Place{}, "", err
	}
	defer closeQuietly(st)
	runs, err := st.Runs(ctx, "", 1)
	if err != nil {
		return spec.Place{}, "", err
	}
	if len(runs) == 0 {
		return spec.Place{}, "", usageError{errors.New("--against last: nothing has run yet with this store")}
	}
	raw, err := st.Specs(ctx, runs[0].SpecVersion)
	if err != nil {
		return spec.Place{}, "", err
	}
	if raw == nil {
		return spec.Place{}, "", usageError{fmt.Errorf("--against last: the specs of the last run (version %.12s) were not kept; give a directory or a state that git knows", runs[0].SpecVersion)}
	}
	place, err := spec.Unpack(raw)
	return place, fmt.Sprintf("last run %d", runs[0].ID), err
}

// gitSpecs are the specs as they stood in a state that git knows.
func (a *app) gitSpecs(ctx context.Context, ref string) (spec.Place, string, error) {
	dir := a.projectRoot()
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return spec.Place{}, "", usageError{fmt.Errorf("--against %s: there is no directory %s to ask git about; name the specs' directory with --project", ref, dir)}
	}
	if strings.HasPrefix(ref, "-") {
		return spec.Place{}, "", usageError{fmt.Errorf("--against: %q names no state that git knows", ref)}
	}
	said, err := git(ctx, dir, ref, "rev-parse", "--show-toplevel", "--show-prefix")
	if err != nil {
		return spec.Place{}, "", err
	}
	top, prefix, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
	place, err := tree{ref: ref, top: top}.place(ctx, strings.TrimSuffix(prefix, "/"))
	return place, ref + ":" + dir, err
}

// tree is a state of a repository.
type tree struct{ ref, top string }

// place is a directory of the tree and the way to those that its project extends.
func (t tree) place(ctx context.Context, dir string) (spec.Place, error) {
	raw, err := git(ctx, t.top, t.ref, "archive", "--format=zip", t.ref+":"+dir)
	if err != nil {
		return spec.Place{}, err
	}
	files, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return spec.Place{}, fmt.Errorf("%w: git gave something that is no archive: %w", errEnvironment, err)
	}
	return spec.Place{Files: files, Outside: func(other string) (spec.Place, error) { return t.place(ctx, path.Join(dir, other)) }}, nil
}

// git runs git in a directory. What it complains about, it says best itself.
func git(ctx context.Context, dir, ref string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return out.Bytes(), nil
	case errors.As(err, &exit) && ctx.Err() == nil:
		said, _, _ := strings.Cut(strings.TrimSpace(errs.String()), "\n")
		return nil, usageError{fmt.Errorf("--against %s is no directory, and git does not know it in %s: %s", ref, dir, strings.TrimPrefix(said, "fatal: "))}
	}
	return nil, fmt.Errorf("%w: --against %s: git cannot be run: %w", errEnvironment, ref, err)
}
