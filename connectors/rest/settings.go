package rest

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// Settings are those that every HTTP system has, with the driver's defaults: numbers and durations as text.
func Settings(connections, perSecond, timeout string) []engine.Setting {
	return []engine.Setting{
		{Name: "url", Note: "address of the system, such as https://host", Required: true},
		{Name: "connections", Note: "requests at the same time", Default: connections},
		{Name: "rate", Note: "requests per second; 0 for no limit", Default: perSecond},
		{Name: "timeout", Note: "longest wait for one answer", Default: timeout},
		{Name: "retries", Note: "repetitions of what is harmless to repeat", Default: "4"},
	}
}

// From reads the Options of an opening. Settings that were not given take the Default in known.
// An error is an environment *engine.Fault that names the setting.
func From(o engine.Opening, known []engine.Setting) (Options, error) {
	s := WithDefaults(o.Settings, known)
	options := Options{Base: s.Text("url"), Transport: o.Transport, Now: o.Now, Log: o.Log}
	atOnce, err := Whole(s, "connections", 1, 100)
	if err != nil {
		return Options{}, err
	}
	retries, err := Whole(s, "retries", 0, 20)
	if err != nil {
		return Options{}, err
	}
	if options.RatePerSecond, err = perSecond(s); err != nil {
		return Options{}, err
	}
	options.Connections, options.Retries = int(atOnce), int(retries)
	options.Timeout, err = Span(s, "timeout", time.Second, time.Hour)
	return options, err
}

// perSecond reads the rate; 0 is no limit. So slow a rate that hours lie between two requests, or NaN, is a slip.
func perSecond(s engine.Settings) (float64, error) {
	v, err := s.Number("rate")
	if err == nil && v != 0 && !(v >= 0.001 && v <= 10000) {
		err = outside("rate", "must be 0 for no limit, or from 0.001 to 10000 requests per second")
	}
	return v, err
}

// Whole reads a whole number from low to high. Any other is an environment *engine.Fault that names the setting.
func Whole(s engine.Settings, name string, low, high int64) (int64, error) {
	v, err := s.Number(name)
	if err != nil {
		return 0, err
	}
	if !(v >= float64(low) && v <= float64(high)) || v != math.Trunc(v) {
		return 0, outside(name, fmt.Sprintf("must be a whole number from %d to %d", low, high))
	}
	return int64(v), nil
}

// Span reads a duration from low to high. Any other is an environment *engine.Fault that names the setting.
func Span(s engine.Settings, name string, low, high time.Duration) (time.Duration, error) {
	v, err := s.Duration(name)
	if err == nil && (v < low || v > high) {
		err = outside(name, fmt.Sprintf("must be a duration from %s to %s", short(low), short(high)))
	}
	return v, err
}

// short writes a duration without the zeros at its end.
func short(d time.Duration) string {
	return strings.Replace(strings.Replace(d.String(), "m0s", "m", 1), "h0m", "h", 1)
}

func outside(name, what string) error {
	return &engine.Fault{Kind: engine.Environment, Op: "read settings", Ref: name, Err: errors.New(what)}
}

// WithDefaults fills in what was not given.
func WithDefaults(s engine.Settings, known []engine.Setting) engine.Settings {
	values := make(map[string]string, len(known))
	for _, k := range known {
		values[k.Name] = k.Default
		if given := s.Text(k.Name); given != "" {
			values[k.Name] = given
		}
	}
	return engine.NewSettings(values)
}
