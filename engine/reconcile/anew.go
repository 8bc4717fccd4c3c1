package reconcile

import (
	"context"

	"github.com/casebridge/casebridge/engine"
)

// putOff says whether a write that was refused because the target was not as it had been is decided anew
// before the run ends. Until then quarantine remembers it. Of very many, the rest waits there.
func (s *sending) putOff(it *item) bool {
	if it.outcome.State != engine.Refused || it.outcome.Fault == nil || it.outcome.Fault.Kind != engine.Conflict {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.anew || len(s.conflicts) == groupSize {
		return false
	}
	s.conflicts = append(s.conflicts, it)
	return true
}

// decideAnew decides once more about the records of writes that were put off, from the targets as they are now.
func (s *sending) decideAnew(ctx context.Context) error {
	s.mu.Lock()
	items := s.conflicts
	s.anew = true
	s.mu.Unlock()
	if len(items) == 0 {
		return nil
	}
	if s.over(ctx) { // they stay in quarantine
		s.file(items)
		return nil
	}
	var records []engine.Record
	seen := map[*progress]bool{}
	for _, it := range items {
		if !seen[it.of] {
			records = append(records, it.source)
		}
		seen[it.of] = true
	}
	s.loop.anew = true
	err := s.loop.group(ctx, records, s)
	s.workers.Wait()
	return err
}
