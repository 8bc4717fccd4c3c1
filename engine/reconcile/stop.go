package reconcile

import (
	"context"
	"time"
)

// stopGrace is how long a write that is under way may go on after an order to stop: cut off, what
// cannot be sent twice would be left to a person. It is as long as one attempt may take.
const stopGrace = time.Minute

// outlive is ctx that ends only so long after ctx ended; done lets go of it.
func outlive(ctx context.Context, grace time.Duration) (longer context.Context, done func()) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel() }
}
