package reconcile_test

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/reconcile"
)

// lingers needs a while to let go of what it reads with, also when it is stopped.
type lingers struct {
	engine.Reader
	gone atomic.Bool
}

func (l *lingers) Read(ctx context.Context, q engine.Query) iter.Seq2[engine.Record, error] {
	return func(yield func(engine.Record, error) bool) {
		l.Reader.Read(ctx, q)(yield)
		time.Sleep(time.Second)
		l.gone.Store(true)
	}
}

// A run that ends before it has read everything leaves nobody behind who still reads: what is read with is closed then.
func TestNobodyReadsWhenTheRunIsOver(t *testing.T) {
	path := t.TempDir() + "/test.db"
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, newCabinet(3000, plainCase), newCabinet(0, plainCase))
		s.path = path
		slow := &lingers{Reader: s.east}
		dies := dyingAt(reconcile.BeforeDecided, 1)
		_, err := s.run("copy", dies, func(job *reconcile.Job) { job.Readers["east"] = slow })
		if !errors.Is(err, errDied) || !slow.gone.Load() {
			t.Errorf("%v: the reading is over: %t", err, slow.gone.Load())
		}
	})
}
