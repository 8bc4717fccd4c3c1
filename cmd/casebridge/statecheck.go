package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/store"
)

func (a *app) stateCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Look whether the store is sound: file, schema, owner, the rules of its tables, key",
		Long: "Reads the whole store and changes nothing; a run may go on meanwhile. One line per check; exit code 3 when one of them found\n" +
			"something wrong.\n\n" + exitHelp,
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			options, err := a.storeAlone()
			if err != nil {
				return err
			}
			return a.printFindings(store.Check(cmd.Context(), options))
		},
	}
}

// storeAlone is what a store is looked at with that is not opened: with the systems' URLs as far as settings give them.
func (a *app) storeAlone() (store.Options, error) {
	c, err := a.ready()
	if err != nil {
		return store.Options{}, err
	}
	set, err := a.settings(c.project, c.drivers)
	if err != nil {
		return store.Options{}, err
	}
	urls := map[string]string{}
	for _, conn := range c.project.Drivers {
		urls[conn.Name.Text] = set.k.String("connections." + conn.Name.Text + ".url")
	}
	return a.storeOptions(c, set, urls)
}

// checkLine is a finding as JSON.
type checkLine struct {
	Check string `json:"check" about:"what was looked at"`
	OK    bool   `json:"ok" about:"false: something is wrong, and the exit code is 3"`
	Wrong string `json:"wrong,omitempty" about:"what is wrong"`
	Next  string `json:"next,omitempty" about:"what to do"`
	Note  string `json:"note,omitempty" about:"worth knowing, though nothing is wrong"`
}

func (a *app) printFindings(findings []store.Finding) error {
	asJSON, err := a.json()
	if err != nil {
		return err
	}
	wrong := 0
	enc := json.NewEncoder(a.stdout)
	for _, f := range findings {
		if !f.OK() {
			wrong++
		}
		if asJSON {
			err = errors.Join(err, enc.Encode(checkLine{f.Check, f.OK(), f.Wrong, f.Next, f.Note}))
			continue
		}
		a.printFinding(f)
	}
	if wrong > 0 {
		return fmt.Errorf("%w: %s", errEnvironment, plural(wrong, "1 check of the store found something wrong", "%d checks of the store found something wrong"))
	}
	return err
}

func (a *app) printFinding(f store.Finding) {
	if f.OK() {
		fmt.Fprintln(a.stdout, strings.TrimRight(fmt.Sprintf("ok     %-11s  %s", f.Check, f.Note), " "))
		return
	}
	fmt.Fprintf(a.stdout, "WRONG  %-11s  %s\n", f.Check, f.Wrong)
	if f.Next != "" {
		fmt.Fprintf(a.stdout, "                    %s\n", f.Next)
	}
}

func (a *app) stateBackup() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Copy the store to a new file, also while a run goes on, and check the copy",
		Long: "The copy is the store as it was at one moment, readable by this user only, and opens as a store (--store FILE). An existing file\n" +
			"is never overwritten, and a copy that did not succeed leaves no file of that name. The store key is not in it: back it up apart.\n" +
			"The copy knows that it is one, and not what was sent since it was made: flows that send refuse to run with it until\n" +
			"`casebridge state adopt`, or `casebridge state continue` when casebridge has not run since.",
		Args: asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			options, err := a.storeAlone()
			if err != nil {
				return err
			}
			to, err := filepath.Abs(args[0])
			if err != nil {
				return &engine.Fault{Kind: engine.Environment, Op: "back up store", Ref: args[0], Err: err}
			}
			options.URLs = nil // where settings lead does not matter to a copy
			copied, err := store.Backup(cmd.Context(), options, to)
			if err != nil {
				return err
			}
			return a.printBackup(copied)
		},
	}
}

// backupLine is a copy of the store as JSON.
type backupLine struct {
	File     string `json:"file"`
	Bytes    int64  `json:"bytes" about:"size of the file, in bytes"`
	Sends    int    `json:"sends" about:"all sends in it"`
	Parked   int    `json:"parked" about:"of these, sends that may have arrived"`
	Held     int    `json:"quarantined" about:"open entries in quarantine"`
	Recalled int    `json:"recalled" about:"records of the other system that are remembered"`
	Audited  int    `json:"audit_lines" about:"lines of the audit trail"`
}

func (a *app) printBackup(b store.Copied) error {
	asJSON, err := a.json()
	if err != nil {
		return err
	}
	if asJSON {
		err = json.NewEncoder(a.stdout).Encode(backupLine{b.Path, b.Size, b.Sends, b.Parked, b.Held, b.Recalled, b.Audited})
	} else {
		_, err = fmt.Fprintf(a.stdout, "%s: %s, checked. It holds %s (%d parked), %s in quarantine, %s and %s.\n", b.Path, sizeText(b.Size),
			plural(b.Sends, "1 send", "%d sends"), b.Parked, plural(b.Held, "1 open entry", "%d open entries"),
			plural(b.Recalled, "1 recalled record", "%d recalled records"), plural(b.Audited, "1 line of the audit trail", "%d lines of the audit trail"))
	}
	for _, f := range b.Findings {
		if !f.OK() {
			err = errors.Join(err, fmt.Errorf("%w: the copy is whole, but so is what is wrong in the store: %s: %s (see `casebridge state check`)", errEnvironment, f.Check, f.Wrong))
		}
	}
	return err
}
