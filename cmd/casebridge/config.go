package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
)

// Keys of settings that belong to casebridge itself; the others are connections.<name>.<setting> and limits.<flow>.<limit>.
const (
	keyStore   = "store"
	keyKey     = "key"
	keyKeyFile = "key_file"
	keyKeep    = "store_keep"
)

// usualKeep is how long the rows of runs are kept, unless store_keep says otherwise.
const usualKeep = "400d"

// limitNames are the limits of a flow that settings may replace.
var limitNames = []string{"creates", "sends", "updated_percent"}

// settings are what an installation says: defaults < file < environment < --set.
type settings struct {
	k       *koanf.Koanf
	drivers map[string]engine.Driver // by connection
}

// settings reads and checks every layer. Nothing of them ever prints.
func (a *app) settings(p *spec.Project, drivers map[string]engine.Driver) (*settings, error) {
	s := &settings{k: koanf.New("."), drivers: drivers}
	known := s.known(p)
	if err := s.k.Load(confmap.Provider(s.defaults(), "."), nil); err != nil {
		return nil, err
	}
	if err := errors.Join(a.checkVariables(known), a.loadFile(s, known)); err != nil {
		return nil, err
	}
	if err := s.k.Load(env.Provider(".", env.Opt{EnvironFunc: a.environ, TransformFunc: envKey(known)}), nil); err != nil {
		return nil, err
	}
	if err := a.loadSet(s, known); err != nil {
		return nil, err
	}
	if file := s.k.String(keyKeyFile); file != "" && s.k.String(keyKey) == "" {
		a.openToAll(file)
	}
	return s, nil
}

// known lists every setting there is.
func (s *settings) known(p *spec.Project) []string {
	keys := []string{keyStore, keyKey, keyKeyFile, keyKeep, keyPayload, keyRetryFor}
	for name, d := range s.drivers {
		for _, set := range d.Settings() {
			keys = append(keys, "connections."+name+"."+set.Name)
		}
	}
	for _, f := range p.Flows {
		for _, limit := range limitNames {
			keys = append(keys, "limits."+f.Name.Text+"."+limit)
		}
	}
	slices.Sort(keys)
	return keys
}

func (s *settings) defaults() map[string]any {
	values := map[string]any{keyKeep: usualKeep, keyPayload: usualPayload, keyRetryFor: usualRetryFor}
	for name, d := range s.drivers {
		for _, set := range d.Settings() {
			if set.Default != "" {
				values["connections."+name+"."+set.Name] = set.Default
			}
		}
	}
	return values
}

// envKey maps PRIMERO_URL to connections.primero.url and CASEBRIDGE_KEY to key; other variables are none of ours.
func envKey(known []string) func(string, string) (string, any) {
	names := variables(known)
	return func(name, value string) (string, any) { return names[name], value }
}

// variables are the settings by the names that they have in the environment.
func variables(known []string) map[string]string {
	names := map[string]string{}
	for _, key := range known {
		variable := ownPrefix + strings.ReplaceAll(key, ".", "_")
		if rest, ok := strings.CutPrefix(key, "connections."); ok {
			variable = strings.ReplaceAll(rest, ".", "_")
		}
		names[strings.ToUpper(strings.ReplaceAll(variable, "-", "_"))] = key
	}
	return names
}

// ownPrefix is how variables begin that speak to casebridge itself.
const ownPrefix = "CASEBRIDGE_"

// projectVariable names the directory of the specs for every command, so that a plan by hand is about what the timer runs.
const projectVariable = ownPrefix + "PROJECT"

// checkVariables refuses a variable of casebridge with a slip in its name: CASEBRIDGE_STROE would mean another store.
// What begins like a connection may belong to somebody else.
func (a *app) checkVariables(known []string) error {
	ours := []string{"CONFIG", strings.TrimPrefix(projectVariable, ownPrefix)}
	for name := range variables(known) {
		if stem, ok := strings.CutPrefix(name, ownPrefix); ok {
			ours = append(ours, stem)
		}
	}
	slices.Sort(ours)
	for _, entry := range a.environ() {
		name, _, _ := strings.Cut(entry, "=")
		stem, ok := strings.CutPrefix(name, ownPrefix)
		if near := engine.Nearest(stem, ours); ok && near != "" && !slices.Contains(ours, stem) {
			return usageError{fmt.Errorf("there is no variable %s; did you mean %s%s?", name, ownPrefix, near)}
		}
	}
	return nil
}

func (a *app) loadFile(s *settings, known []string) error {
	path := a.flags.config
	if path == "" {
		path = a.getenv("CASEBRIDGE_CONFIG")
	}
	if path == "" {
		return nil
	}
	layer := koanf.New(".")
	if err := layer.Load(file.Provider(path), yamlParser{}); err != nil {
		return &engine.Fault{Kind: engine.Environment, Op: "read settings", Ref: path, Err: pathCause(err)}
	}
	for _, key := range layer.Keys() {
		if err := checkKey(key, known, path); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(layer.Keys(), s.secret) {
		a.openToAll(path)
	}
	return s.k.Merge(layer)
}

// secret says whether a setting must not be read by others.
func (s *settings) secret(key string) bool {
	for name, d := range s.drivers {
		for _, set := range d.Settings() {
			if set.Secret && key == "connections."+name+"."+set.Name {
				return true
			}
		}
	}
	return key == keyKey
}

func (a *app) loadSet(s *settings, known []string) error {
	for _, entry := range a.flags.set {
		key, value, ok := strings.Cut(entry, "=")
		if !ok {
			return usageError{errors.New("--set takes KEY=VALUE")}
		}
		if err := checkKey(key, known, "--set"); err != nil {
			return err
		}
		if value == "" {
			return usageError{fmt.Errorf("--set %s= has no value; leave the setting out, or say what it shall be", key)}
		}
		if err := s.k.Set(key, value); err != nil {
			return err
		}
	}
	return nil
}

func checkKey(key string, known []string, where string) error {
	if slices.Contains(known, key) {
		return nil
	}
	text := fmt.Sprintf("%s: there is no setting %q", where, key)
	if near := engine.Nearest(key, known); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return usageError{errors.New(text)}
}

// yamlParser lets a settings file be read by the same YAML reader as the specs.
type yamlParser struct{}

func (yamlParser) Unmarshal(b []byte) (map[string]any, error) {
	var m map[string]any
	if err := yaml.Unmarshal(b, &m); err != nil {
		return nil, errors.New(yaml.FormatError(err, false, false)) // without the lines it is about: they may hold a password
	}
	return m, nil
}

func (yamlParser) Marshal(m map[string]any) ([]byte, error) { return yaml.Marshal(m) }

// connection returns the settings of one connection; a required one that is missing is an error that says how to give it.
func (s *settings) connection(name string) (engine.Settings, error) {
	values := map[string]string{}
	for _, set := range s.drivers[name].Settings() {
		values[set.Name] = s.k.String("connections." + name + "." + set.Name)
		if set.Required && values[set.Name] == "" {
			variable := strings.ToUpper(strings.ReplaceAll(name+"_"+set.Name, "-", "_"))
			return engine.Settings{}, &engine.Fault{Kind: engine.Environment, Op: "read settings", Ref: "connections." + name + "." + set.Name,
				Err: errors.New("it is not given"), Next: fmt.Sprintf("Set %s, or the key in a settings file (--config).", variable)}
		}
	}
	return engine.NewSettings(values), nil
}

// check reads every setting that a flow will ask for: a run must not find in its second flow what it could know before its first.
func (s *settings) check(c *compiled) error {
	var errs []error
	for _, f := range c.program.Flows {
		_, err := s.limits(f.Spec())
		errs = append(errs, err)
	}
	_, err1 := s.span(keyRetryFor)
	_, err2 := s.keep()
	return errors.Join(append(errs, err1, err2)...)
}

// limits are a flow's, with what the installation says instead.
func (s *settings) limits(f *spec.Flow) (spec.Limits, error) {
	out := f.Limits
	into := []*int{&out.Creates, &out.Sends, &out.UpdatedPercent} // as limitNames
	for i, name := range limitNames {
		key := "limits." + f.Name.Text + "." + name
		if !s.k.Exists(key) {
			continue
		}
		n, err := strconv.Atoi(s.k.String(key))
		if err != nil || n < 0 {
			return out, usageError{fmt.Errorf("%s must be a whole number from 0", key)}
		}
		*into[i] = n
	}
	return out, nil
}

// storePath is where the store lives.
func (a *app) storePath(s *settings, p *spec.Project) (string, error) {
	path := a.flags.store
	if path == "" {
		path = s.k.String(keyStore)
	}
	if scheme, rest, ok := strings.Cut(path, ":"); ok && scheme == "sqlite" {
		path = strings.TrimPrefix(rest, "//")
	} else if strings.Contains(path, "://") {
		return "", usageError{fmt.Errorf("--store: %q stores are not supported; give a file", scheme)}
	}
	if path != "" {
		return named(path)
	}
	dir := a.getenv("XDG_STATE_HOME")
	if dir == "" {
		home := a.getenv("HOME")
		if home == "" {
			return "", &engine.Fault{Kind: engine.Environment, Op: "find the store", Err: errors.New("neither XDG_STATE_HOME nor HOME is set"), Next: "Give --store FILE."}
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "casebridge", p.Name.Text+".db"), nil
}

// keep is how long runs and what they intended are kept after they ended.
func (s *settings) keep() (time.Duration, error) {
	days, err := strconv.Atoi(strings.TrimSuffix(s.k.String(keyKeep), "d"))
	if err != nil || days < 1 || days > 100_000 {
		return 0, usageError{fmt.Errorf("%s must be a number of days from 1, such as %s", keyKeep, usualKeep)}
	}
	return time.Duration(days) * 24 * time.Hour, nil
}

// key is the store key, nil when none was given.
func (s *settings) key() ([]byte, error) {
	text := s.k.String(keyKey)
	if path := s.k.String(keyKeyFile); text == "" && path != "" {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, &engine.Fault{Kind: engine.Environment, Op: "read the store key", Ref: path, Err: pathCause(err)}
		}
		text = strings.TrimSpace(string(b))
	}
	if text == "" {
		return nil, nil
	}
	return store.ParseKey(text)
}

// pathCause is the reason of a file error without its path, which the Fault already names.
func pathCause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func (a *app) getenv(name string) string {
	for _, entry := range a.environ() {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}
