package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/store"
)

func (a *app) stateRestamp() *cobra.Command {
	var to, why string
	var yes bool
	cmd := &cobra.Command{
		Use: "restamp CONNECTION", Short: "Say that a system has moved to another URL, with all its records",
		Long: "A store belongs to the systems that it was first used with, because what was sent to one system says nothing about another: a\n" +
			"connection that leads elsewhere is refused. When the very same system answers at a new address, this writes the new one down.\n" +
			"For a test system, or one that was set up anew, use another store instead. The move and its reason go to the audit trail.",
		Args: asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.textOnly(); err != nil {
				return err
			}
			return a.restamp(cmd, store.Restamp{Connection: args[0], URL: to, Who: a.author(), Why: why}, yes)
		},
	}
	cmd.Flags().StringVar(&to, "url", "", "where the system is now, `URL`")
	cmd.Flags().StringVar(&why, "why", "", "the `REASON`, for the audit trail")
	cmd.Flags().BoolVar(&yes, "yes", false, "it is the same system, with the same records")
	return cmd
}

func (a *app) restamp(cmd *cobra.Command, r store.Restamp, yes bool) error {
	if u, err := url.Parse(r.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return usageError{errors.New("--url takes a URL such as https://primero.example")}
	}
	if strings.TrimSpace(r.Why) == "" {
		return usageError{errors.New("say with --why; it stands in the audit trail")}
	}
	_, st, err := a.openStore(cmd)
	if err != nil {
		return err
	}
	defer closeQuietly(st)
	o, err := st.Overview(cmd.Context())
	if err != nil {
		return err
	}
	was, err := stampOf(o.Hosts, r.Connection)
	if err != nil {
		return err
	}
	now := store.Whereabouts(r.URL)
	fmt.Fprintf(a.stdout, "%s: from %s to %s\n", r.Connection, was, now)
	switch {
	case was == now:
		_, err := fmt.Fprintln(a.stdout, "It is there already; nothing was changed.")
		return err
	case !yes:
		return usageError{errors.New("nothing was changed. All that was sent to the first counts as sent to the second: if it is the same system with the same records, add --yes")}
	}
	if err := st.Restamp(cmd.Context(), r); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "The store now belongs to %s. Set connections.%s.url to it too.\n", now, r.Connection)
	return err
}

// stampOf finds where the store says that a connection leads.
func stampOf(hosts []engine.Pair, connection string) (string, error) {
	var names []string
	for _, h := range hosts {
		names = append(names, h.Name)
	}
	if i := slices.Index(names, connection); i >= 0 {
		return hosts[i].Value, nil
	}
	text := fmt.Sprintf("the store was never used with a connection %q", connection)
	if near := engine.Nearest(connection, names); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return "", usageError{errors.New(text)}
}
