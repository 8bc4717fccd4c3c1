package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine/store"
)

func (a *app) keyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "key",
		Short: "Make a store key",
		Long: "Prints a new store key: 32 random bytes in base64. It seals what the store keeps of a person.\n" +
			"Keep it outside the store, e.g. in a root-only file named by CASEBRIDGE_KEY_FILE, and back it up apart from the store.",
		RunE: func(*cobra.Command, []string) error {
			key, err := store.NewKey()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.stdout, key)
			return err
		},
	}
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which casebridge and which specs this is",
		RunE: func(*cobra.Command, []string) error {
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
