package primero_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/casebridge/casebridge/engine"
)

// New cases are read back in groups, and each is compared with its own document.
func TestManyCreatesAreReadBackTogether(t *testing.T) {
	w := newWorld(t, nil)
	writer := w.conn.Writer()
	before := w.Requests().ByMethod[http.MethodGet]
	const n = 60
	outcomes := make([]engine.Outcome, n)
	var all sync.WaitGroup
	for i := range n {
		id := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, i)).String()
		field := "name_first"
		if i == 7 {
			field = "no_such_field"
		}
		all.Go(func() {
			c := engine.Change{Object: "west.case", Verdict: engine.Create, Target: id,
				Document: document(fmt.Sprintf(`{"id":%q,"module_id":"primeromodule-cp",%q:"A %d"}`, id, field, i))}
			outcomes[i] = writer.Write(t.Context(), []engine.Change{c})[0]
		})
	}
	all.Wait()
	for i, o := range outcomes {
		if o.State != engine.Done || (len(o.Ignored) > 0) != (i == 7) {
			t.Errorf("case %d: %s, ignored %v, %v", i, o.State, o.Ignored, o.Fault)
		}
	}
	if reads := w.Requests().ByMethod[http.MethodGet] - before; reads > n/2 {
		t.Errorf("%d reads for %d creates: they were not read together", reads, n)
	}
}
