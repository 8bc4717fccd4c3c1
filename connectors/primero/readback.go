package primero

import (
	"context"
	"sync"
	"time"

	"github.com/tidwall/gjson"
)

const (
	gatherFor = 15 * time.Millisecond // how long a new case waits for others to be read back with it
	gatherMax = 20                    // ids that fit in one request line
)

// readBacks reads new cases back together: creates run side by side, and one
// request for many ids costs Primero no more than one for a single case.
type readBacks struct {
	reader  *reader
	mu      sync.Mutex
	waiting []*waiting
}

type waiting struct {
	id     string
	answer chan *gjson.Result // gets the case, or nil when it could not be read
}

// stored returns the case as Primero has it now, or nil when it could not be read.
func (b *readBacks) stored(ctx context.Context, id string) *gjson.Result {
	w := &waiting{id: id, answer: make(chan *gjson.Result, 1)}
	b.mu.Lock()
	b.waiting = append(b.waiting, w)
	first, full := len(b.waiting) == 1, len(b.waiting) == gatherMax
	var group []*waiting
	if full {
		group, b.waiting = b.waiting, nil
	}
	b.mu.Unlock()
	switch {
	case full:
		b.read(ctx, group)
	case first:
		time.AfterFunc(gatherFor, func() { b.read(ctx, b.take(w)) })
	}
	select {
	case found := <-w.answer:
		return found
	case <-ctx.Done():
		return nil
	}
}

// take empties the group that w waits in; nothing if it was read already.
func (b *readBacks) take(w *waiting) []*waiting {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 || b.waiting[0] != w {
		return nil
	}
	group := b.waiting
	b.waiting = nil
	return group
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
