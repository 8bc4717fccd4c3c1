package reconcile

import "sync"

// commits joins what many workers want recorded into one transaction: while one
// is being written to disk, the next gathers. Nobody waits for a timer.
type commits[T, R any] struct {
	commit  func([]T) []R // records all of them; one result each
	mu      sync.Mutex
	waiting []*committing[T, R]
	writing bool
}

type committing[T, R any] struct {
	what   T
	result chan R
}

// do returns when what is recorded, or could not be.
func (c *commits[T, R]) do(what T) R {
	w := &committing[T, R]{what, make(chan R, 1)}
	c.mu.Lock()
	c.waiting = append(c.waiting, w)
	lead := !c.writing
	c.writing = true
	c.mu.Unlock()
	if lead {
		go c.write()
	}
	return <-w.result
}

// write commits group after group until nobody waits.
func (c *commits[T, R]) write() {
	for {
		group := c.take()
		if group == nil {
			return
		}
		all := make([]T, len(group))
		for i, w := range group {
			all[i] = w.what
		}
		for i, r := range c.commit(all) {
			group[i].result <- r
		}
	}
}

func (c *commits[T, R]) take() []*committing[T, R] {
	c.mu.Lock()
	defer c.mu.Unlock()
	group := c.waiting
	c.waiting = nil
	c.writing = len(group) > 0
	return group
}
