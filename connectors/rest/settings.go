package rest

import (
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
	var connections, retries float64
	for _, n := range []struct {
		name string
		into *float64
	}{{"connections", &connections}, {"rate", &options.RatePerSecond}, {"retries", &retries}} {
		v, err := s.Number(n.name)
		if err != nil {
			return Options{}, err
		}
		*n.into = v
	}
	timeout, err := s.Duration("timeout")
	if err != nil {
		return Options{}, err
	}
	options.Connections, options.Retries, options.Timeout = int(connections), int(retries), max(timeout, time.Second)
	return options, nil
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
