package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
)

func (a *app) parkedCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "parked",
		Short: "Sends that may have arrived, and how they end",
		Long: "A send whose answer was lost is parked: it may have arrived. Sent again it could be there twice, so casebridge never does that by\n" +
			"itself. It ends when the other system lists it, or by the word of a person who has looked there: `close` when it is there,\n" +
			"`resend` when it is not.",
	}
	cmd.AddCommand(a.parkedList(), a.parkedShow(), a.parkedClose(), a.parkedResend())
	return cmd
}

func (a *app) parkedList() *cobra.Command {
	var awaiting bool
	cmd := &cobra.Command{
		Use: "list", Short: "What is parked, since when, how often it was looked for, how it can end",
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, st, err := a.openStore(cmd)
			if err != nil {
				return err
			}
			defer closeQuietly(st)
			if awaiting {
				entries, err := st.AwaitingList(cmd.Context())
				return errors.Join(err, a.printWaiting(c, entries, awaitingWords))
			}
			entries, err := st.Parked(cmd.Context())
			return errors.Join(err, a.printWaiting(c, entries, parkedWords))
		},
	}
	cmd.Flags().BoolVar(&awaiting, "awaiting", false, "instead those that were taken and that the other system must still show")
	return cmd
}

func (a *app) parkedShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "One send: what, whose, when, why it is parked, what persons have said about it",
		Args: asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := sendIDs(args)
			if err != nil {
				return err
			}
			c, st, err := a.openStore(cmd)
			if err != nil {
				return err
			}
			defer closeQuietly(st)
			sent, err := st.Send(cmd.Context(), ids[0])
			if err != nil {
				return unknownSend(err)
			}
			lines, err := st.Audit(cmd.Context(), sent.Flow, 0)
			about := fmt.Sprintf("close %d: ", sent.ID) // let go again, it would not be here any more
			lines = slices.DeleteFunc(lines, func(l store.AuditLine) bool { return !strings.HasPrefix(l.What, about) })
			return errors.Join(err, a.printSend(c, sent, lines))
		},
	}
}

func (a *app) parkedClose() *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use: "close ID...", Short: "It arrived, or nobody needs it any more: it counts as sent",
		Long: "Ends parked sends by a person's word. They count as sent and are never sent again. The word and its reason go to the audit\n" +
			"trail (`casebridge state history`). Of several, all are closed or none.",
		Args: asUsage(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.resolve(cmd, args, resolution{arrived: true, why: why, yes: true})
		},
	}
	cmd.Flags().StringVar(&why, "why", "", "how you know, the `REASON` for the audit trail")
	return cmd
}

func (a *app) parkedResend() *cobra.Command {
	var why string
	var yes bool
	cmd := &cobra.Command{
		Use: "resend ID...", Short: "It did not arrive: the next run of its flow sends it",
		Long: "Lets parked sends go again. Look in the other system first: what had arrived after all is then there twice. Without --yes it\n" +
			"only says what would happen. Until it went, it stands in quarantine (`casebridge quarantine list`). The word and its reason go to\n" +
			"the audit trail. Of several, all are let go or none.",
		Args: asUsage(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.resolve(cmd, args, resolution{why: why, yes: yes})
		},
	}
	cmd.Flags().StringVar(&why, "why", "", "how you know, the `REASON` for the audit trail")
	cmd.Flags().BoolVar(&yes, "yes", false, "you have looked: it is not there")
	return cmd
}

// resolution is what a person says about parked sends.
type resolution struct {
	arrived, yes bool
	why          string
}

func (a *app) resolve(cmd *cobra.Command, args []string, r resolution) error {
	if err := a.textOnly(); err != nil {
		return err
	}
	ids, err := sendIDs(args)
	if err != nil {
		return err
	}
	if strings.TrimSpace(r.why) == "" {
		return usageError{errors.New("say with --why how you know; it stands in the audit trail")}
	}
	c, st, err := a.openStore(cmd)
	if err != nil {
		return err
	}
	defer closeQuietly(st)
	sends, err := parkedSends(cmd, st, ids)
	if err != nil {
		return err
	}
	if !r.yes {
		return a.danger(sends, c.project.Zone)
	}
	var words []store.Resolution
	for _, id := range ids {
		words = append(words, store.Resolution{ID: id, Arrived: r.arrived, Who: a.author(), Why: r.why})
	}
	if err := st.Resolve(cmd.Context(), words...); err != nil {
		return err
	}
	return a.resolved(sends, r.arrived)
}

// parkedSends are the sends with these numbers; each must be parked.
func parkedSends(cmd *cobra.Command, st *store.Store, ids []int64) ([]store.Sent, error) {
	var sends []store.Sent
	for _, id := range ids {
		sent, err := st.Send(cmd.Context(), id)
		if err != nil {
			return nil, unknownSend(err)
		}
		if sent.State != "parked" {
			return nil, usageError{fmt.Errorf("send %d is not parked but %s; nothing was changed (see `casebridge parked list`)", id, stateWords(sent.State))}
		}
		sends = append(sends, sent)
	}
	return sends, nil
}

// unknownSend makes a number that no send has an error of usage.
func unknownSend(err error) error {
	var f *engine.Fault
	if errors.Is(err, store.ErrNoSend) && errors.As(err, &f) {
		return usageError{fmt.Errorf("there is no send %s; nothing was changed (see `casebridge parked list`; what was let go again stands in `casebridge state history`)", f.Ref)}
	}
	return err
}

// sendIDs reads the numbers of sends, each once.
func sendIDs(args []string) ([]int64, error) {
	var ids []int64
	for _, text := range args {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, usageError{fmt.Errorf("%q is not the number of a send; see `casebridge parked list`", text)}
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// showing are the flows that read what shows that a send of the object has arrived.
func showing(p *spec.Project, object string) []string {
	var names []string
	for _, f := range p.Flows {
		if proves(f.Routes, object) {
			names = append(names, f.Name.Text)
		}
	}
	return names
}

func proves(routes []*spec.Route, object string) bool {
	return slices.ContainsFunc(routes, func(r *spec.Route) bool {
		return proves(r.Routes, object) ||
			slices.ContainsFunc(r.Steps, func(s spec.Step) bool { return s.Kind == spec.ProvesStep && s.Object.Text == object })
	})
}
