package reconcile

import (
	"context"
	"fmt"

	"github.com/casebridge/casebridge/engine"
)

// notRolledBack refuses a flow that sends while its store is a backup: what the store that was copied has sent since
// is not in it, and would be sent again.
func notRolledBack(ctx context.Context, l *loop) error {
	if !sends(l.spec.Routes) {
		return nil
	}
	at, err := l.job.Store.BackupAt(ctx)
	if err != nil || at.IsZero() {
		return err
	}
	return &engine.Fault{Kind: engine.Environment, Op: "start flow", Ref: l.spec.Name.Text,
		Err:  fmt.Errorf("its store is a backup made on %s: it does not know what was sent since, and would send all of it again", at.In(l.job.Project.Zone).Format("2006-01-02 15:04")),
		Next: "If casebridge has run since then: `casebridge state adopt` records what the other system lists, and parks for a person what may have gone. If it has not: `casebridge state continue`."}
}

// goOn takes a store that is a backup for the store, now that it knows what was sent.
func goOn(ctx context.Context, jobs []Job, why string) error {
	for _, job := range jobs {
		if at, err := job.Store.BackupAt(ctx); err != nil || at.IsZero() {
			return err
		}
		if err := job.Store.GoOn(ctx, job.Who, why); err != nil {
			return err
		}
	}
	return nil
}
