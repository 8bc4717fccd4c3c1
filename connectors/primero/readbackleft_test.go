package primero

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Who gives up waiting for a case to be read back leaves nobody behind who reads it later, when the connection may be closed.
func TestNobodyReadsBackForWhoHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &readBacks{} // without a reader: reading is a panic
		b.began()
		b.began()
		ctx, leave := context.WithCancel(t.Context())
		leave()
		b.answered(ctx, "an id") // another create is still under way, so it would be read together with that
		time.Sleep(2 * readBackWait)
	})
}
