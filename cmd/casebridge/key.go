package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/store"
)

func (a *app) keyCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Make a store key",
		Long: "Prints a new store key: 32 random bytes in base64. It seals what the store keeps of a person. With --out it goes into a new\n" +
			"file that only this user can read; name that file with CASEBRIDGE_KEY_FILE, for the user that runs casebridge.\n" +
			"Keep it outside the store, and back it up apart from the store: without it what is sealed cannot be read.",
		RunE: func(*cobra.Command, []string) error {
			if err := a.textOnly(); err != nil {
				return err
			}
			key, err := store.NewKey()
			if err != nil {
				return err
			}
			if out != "" {
				return a.keepKey(out, key)
			}
			_, err = fmt.Fprintln(a.stdout, key)
			return err
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "write the key to `FILE`, which must not be there yet")
	return cmd
}

// keepKey writes a key where there was none: another key would make what the old one sealed unreadable.
func (a *app) keepKey(path, key string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, key)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return &engine.Fault{Kind: engine.Environment, Op: "write the store key", Ref: path, Err: pathCause(err), Next: "Name a new file in a directory that this user can write; a key is never overwritten."}
	}
	_, err = fmt.Fprintf(a.stdout, "%s: a new store key, readable by this user only. Back it up apart from the store.\n", path)
	return err
}

// openToAll warns of a file with a secret in it that every user of the machine can read.
func (a *app) openToAll(path string) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o004 != 0 {
		fmt.Fprintf(a.stderr, "casebridge: every user of this machine can read %s, and a secret is in it: chmod o-r %s\n", path, path)
	}
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which casebridge and which specs this is",
		RunE: func(*cobra.Command, []string) error {
			if err := a.textOnly(); err != nil {
				return err
			}
			c, err := a.ready()
			if err != nil {
				return err
			}
			version, revision := "(devel)", "unknown"
			if info, ok := debug.ReadBuildInfo(); ok {
				version = info.Main.Version
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						revision = s.Value
					}
				}
			}
			_, err = fmt.Fprintf(a.stdout, "casebridge %s (revision %.12s), specs %s version %.12s\n",
				version, revision, c.project.Name.Text, c.project.Version)
			return err
		},
	}
}
