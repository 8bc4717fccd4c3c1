package primero

import (
	"context"
	"sync"
	"time"

	"github.com/tidwall/gjson"
)

const (
	readBackMax  = 20          // ids that fit in one request line
	readBackWait = time.Second // the longest that a new case waits for others to be read back with it
)

// readBacks reads new cases back together: creates run side by side, and one request for
// many ids costs Primero no more than one for a single case. A group is read when it is
// full, or when no other create is under way that could still join it.
type readBacks struct {
	reader  *reader
	mu      sync.Mutex
	running int // creates that have not been answered
	waiting []*waiting
}

type waiting struct {
	id     string
	answer chan *gjson.Result // gets the case, or nil when it could not be read
}

// began counts a create that is about to be sent; answered must follow.
func (b *readBacks) began() {
	b.mu.Lock()
	b.running++
	b.mu.Unlock()
}

// answered counts a create that has its answer. With an id it returns the case as Primero has
// it now, or nil when it could not be read; without one, nothing.
func (b *readBacks) answered(ctx context.Context, id string) *gjson.Result {
	w := &waiting{id: id, answer: make(chan *gjson.Result, 1)}
	if group := b.join(w); group != nil {
		b.read(ctx, group)
	} else if id != "" {
		defer time.AfterFunc(readBackWait, func() { b.read(ctx, b.take(w)) }).Stop()
	}
	if id == "" {
		return nil
	}
	select {
	case found := <-w.answer:
		return found
	case <-ctx.Done():
		return nil
	}
}

// join adds w and returns the group if it is to be read now.
func (b *readBacks) join(w *waiting) []*waiting {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running--
	if w.id != "" {
		b.waiting = append(b.waiting, w)
	}
	if b.running > 0 && len(b.waiting) < readBackMax {
		return nil
	}
	group := b.waiting
	b.waiting = nil
	return group
}

// take empties the group that w still waits in; nothing if it was read already.
func (b *readBacks) take(w *waiting) []*waiting {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, other := range b.waiting {
		if other == w {
			group := b.waiting
			b.waiting = nil
			return group
		}
	}
	return nil
}

// read asks for the whole group and gives each its case. The request outlives the one who asked first.
func (b *readBacks) read(ctx context.Context, group []*waiting) {
	if len(group) == 0 {
		return
	}
	ids := make([]string, len(group))
	for i, w := range group {
		ids[i] = w.id
	}
	hits, err := b.reader.findCases(context.WithoutCancel(ctx), "id", ids, nil)
	found := map[string]*gjson.Result{}
	if err == nil {
		for _, h := range hits {
			stored := gjson.ParseBytes(h.raw)
			found[h.id] = &stored
		}
	}
	for _, w := range group {
		w.answer <- found[w.id]
	}
}
