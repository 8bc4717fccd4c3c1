package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/casebridge/casebridge/engine"
)

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"nothing wrong", nil, exitDone},
		{"an error of no known kind", errors.New("something"), exitUnknown},
		{"a command line", fmt.Errorf("wrapped: %w", usageError{errors.New("no")}), exitUsage},
		{"specs", errSpecs, exitUsage},
		{"no environment", fmt.Errorf("%w: disk", errEnvironment), exitEnvironment},
		{"a refused sign-in", &engine.Fault{Kind: engine.Auth}, exitEnvironment},
		{"a setting", fmt.Errorf("run: %w", &engine.Fault{Kind: engine.Environment}), exitEnvironment},
		{"a server error", &engine.Fault{Kind: engine.Transient}, exitPartial},
		{"a refused record", &engine.Fault{Kind: engine.Rejected}, exitPartial},
		{"told to stop", context.Canceled, exitPartial},
		{"a refused sign-in while told to stop", errors.Join(context.Canceled, &engine.Fault{Kind: engine.Auth}), exitPartial},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%s: exit code %d, want %d", c.name, got, c.want)
		}
	}
}
