package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	primerosim "github.com/casebridge/casebridge/connectors/primero/sim"
)

// sandboxFlags say where the sandbox listens and how much is in it.
type sandboxFlags struct {
	page, primero, oscar string
	cases, clients       int
	latency              time.Duration
}

// mostRecords is how many cases and clients fit into the memory of an ordinary machine.
const mostRecords = 200_000

func (a *app) sandboxCommand() *cobra.Command {
	var f sandboxFlags
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Both simulated systems on ports of this machine, with a page on which you play their people",
		Long: "Starts both simulators, seeded with invented children, and prints the variables that connect `casebridge plan` and `run` to them.\n" +
			"On the page you refer, accept, reject, reassign, and break things. Everything is gone when it ends (Ctrl-C).",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.textOnly(); err != nil {
				return err
			}
			return a.sandbox(cmd.Context(), f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.page, "page", "127.0.0.1:7700", "`ADDRESS` of the page")
	fl.StringVar(&f.primero, "primero", "127.0.0.1:7701", "`ADDRESS` of the simulated Primero")
	fl.StringVar(&f.oscar, "oscar", "127.0.0.1:7702", "`ADDRESS` of the simulated OSCaR")
	fl.IntVar(&f.cases, "cases", 12, "how many cases Primero starts with; 3 of 10 are referred to an NGO")
	fl.IntVar(&f.clients, "clients", 12, "how many clients OSCaR starts with; 3 of 10 are referred to the government")
	fl.DurationVar(&f.latency, "latency", 0, "how long each answer takes at least, e.g. 20ms")
	return cmd
}

func (a *app) sandbox(ctx context.Context, f sandboxFlags) error {
	c, err := a.ready()
	if err != nil {
		return err
	}
	if c.project.Object("primero.case") == nil || c.project.Object("oscar.client") == nil {
		return usageError{fmt.Errorf("the sandbox simulates a Primero and an OSCaR, and project %s has no connections primero and oscar", c.project.Name.Text)}
	}
	if f.cases < 0 || f.clients < 0 || f.cases > mostRecords || f.clients > mostRecords || f.latency < 0 {
		return usageError{fmt.Errorf("--cases and --clients are from 0 to %d, and --latency is from 0", mostRecords)}
	}
	w := newWorld(c.project, a.now, f.latency)
	if err := w.fill(f.cases, f.clients); err != nil {
		return err
	}
	var servers []served
	defer func() {
		for _, s := range servers {
			s.stop()
		}
	}()
	for _, on := range []struct {
		flag, address string
		handler       http.Handler
	}{{"--primero", f.primero, w.primero}, {"--oscar", f.oscar, w.oscar}, {"--page", f.page, newPage(w, c.project)}} {
		s, err := serve(ctx, on.address, on.handler)
		if err != nil {
			return fmt.Errorf("%w; give another address with %s, e.g. 127.0.0.1:0 for any free port", err, on.flag)
		}
		servers = append(servers, s)
	}
	a.printSandbox(servers)
	<-ctx.Done()
	fmt.Fprintf(a.stdout, "\nPrimero answered %d requests, %d of them writes; OSCaR %d, %d of them writes.\n",
		w.primero.Requests().Total, w.primero.Writes().Total, w.oscar.Requests(), w.oscar.Writes())
	return nil
}

func (a *app) printSandbox(s []served) {
	fmt.Fprintf(a.stdout, `Both systems are up. Play their people on %s

In another terminal:
  export PRIMERO_URL=%s PRIMERO_USER=%s PRIMERO_PASSWORD=%s
  export OSCAR_URL=%s OSCAR_EMAIL=%s OSCAR_PASSWORD=%s
  export CASEBRIDGE_KEY=$(casebridge key) CASEBRIDGE_STORE=sandbox.db
  casebridge plan
  casebridge run

Ctrl-C ends it; nothing is kept. sandbox.db belongs to this sandbox: delete it with it.
`, s[2].url, s[0].url, primerosim.DefaultUser, primerosim.DefaultPassword, s[1].url, oscarEmail, oscarPassword)
}
