package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// killWhen starts casebridge as a process of its own and kills it, as a power cut would, when done says so.
func (r *rig) killWhen(t *testing.T, done func() bool, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAsProgram$")
	cmd.Env = append(r.environ(), "CASEBRIDGE_ARGUMENTS="+strings.Join(args, " "), "TMPDIR="+t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Error("the process did not get that far")
			break
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
}

// TestAsProgram is no test: it is casebridge in a process that others can kill.
func TestAsProgram(t *testing.T) {
	args := os.Getenv("CASEBRIDGE_ARGUMENTS")
	if args == "" {
		t.Skip("only as a process of another test")
	}
	os.Args = append([]string{"casebridge"}, strings.Fields(args)...)
	main()
}
