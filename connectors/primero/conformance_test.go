package primero_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/connectortest"
	"github.com/casebridge/casebridge/connectors/primero"
	"github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/engine"
)

const (
	firstCase = "0b6f6a3e-6a52-4a0c-9b5e-0d6f3c1d2e00"
	rowID     = "020d6a3e-6a52-4a0c-9b5e-0d6f3c1d2e99"
)

// populate puts seven cases and two referrals into a fresh simulator.
func populate(t *testing.T, w *world) (referral string) {
	t.Helper()
	for i := range 7 {
		w.clock.forward(700 * time.Millisecond)
		fields := map[string]any{"id": fmt.Sprintf("0b6f6a3e-6a52-4a0c-9b5e-0d6f3c1d2e0%d", i), "consent_for_services": true, "disclosure_other_orgs": true}
		for _, name := range []string{"case_id", "oscar_number", "case_id_display", "short_id", "unique_identifier", "national_id_no", "other_id_no", "unhcr_id_no"} {
			fields[name] = fmt.Sprintf("%s-00%d", name, i)
		}
		w.AddCase(fields)
	}
	for range 2 {
		id, err := w.Refer(firstCase, "worker1", "worker2", "", "")
		if err != nil {
			t.Fatal(err)
		}
		referral = id
	}
	return referral
}

func TestConformance(t *testing.T) {
	var referral string
	byNames := []connectortest.Lookup{{By: "id", Present: []string{firstCase, firstCase[:35] + "3"}, Absent: "ffffffff-0000-4000-8000-000000000000"}}
	for _, name := range []string{"case_id", "oscar_number", "case_id_display", "short_id", "unique_identifier", "national_id_no", "other_id_no", "unhcr_id_no"} {
		byNames = append(byNames, connectortest.Lookup{By: name, Present: []string{name + "-002", name + "-006"}, Absent: name + "-1"})
	}
	connectortest.Run(t, connectortest.Suite{
		Driver: primero.Driver{}, Connection: "west",
		Open: func(t *testing.T, transport http.RoundTripper) engine.Connection {
			w := newWorld(t, nil)
			referral = populate(t, w)
			settings := map[string]string{"user": sim.DefaultUser, "password": sim.DefaultPassword, "lag": "0s", "rate": "0", "page": "3"}
			return dial(t, w.url, settings, transport, w.clock.now)
		},
		Known: []connectortest.Known{
			{Object: "case", Listed: 7, Named: "case_id-004", Lookups: byNames, Changes: func(*testing.T) []engine.Change {
				return []engine.Change{{
					Object: "west.case", Verdict: engine.Update, Target: firstCase,
					Document: document(`{"oscar_number":"00123","services_section":[{"unique_id":"` + rowID + `","service_provider":"x"}]}`),
				}}
			}},
			{Object: "referral", Lookups: []connectortest.Lookup{{Present: []string{firstCase}, Absent: "ffffffff-0000-4000-8000-000000000000"}}, Changes: func(*testing.T) []engine.Change {
				return []engine.Change{{
					Object: "west.referral", Verdict: engine.Update, Target: referral,
					Current: document(`{"id":"` + referral + `","record_id":"` + firstCase + `"}`), Document: document(`{"status":"accepted"}`),
				}}
			}},
			{Object: "user", Lookups: []connectortest.Lookup{{By: "user_name", Present: []string{"worker1", "worker2"}, Absent: "nobody"}}},
		},
	})
}
