package reconcile

import "sync"

// claims are the `one_at_a_time` values of records that are being written now.
// A record that shares one waits, so that it sees what the other did.
type claims struct {
	mu    sync.Mutex
	freed sync.Cond
	held  map[string]int
}

func newClaims() *claims {
	c := &claims{held: map[string]int{}}
	c.freed.L = &c.mu
	return c
}

// await returns when none of the values is held.
func (c *claims) await(values []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.busy(values) {
		c.freed.Wait()
	}
}

func (c *claims) busy(values []string) bool {
	for _, v := range values {
		if c.held[v] > 0 {
			return true
		}
	}
	return false
}

func (c *claims) take(values []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range values {
		c.held[v]++
	}
}

func (c *claims) release(values []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range values {
		if c.held[v]--; c.held[v] == 0 {
			delete(c.held, v)
		}
	}
	c.freed.Broadcast()
}
