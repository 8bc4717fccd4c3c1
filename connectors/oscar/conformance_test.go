package oscar

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/connectortest"
	"github.com/casebridge/casebridge/connectors/oscar/sim"
	"github.com/casebridge/casebridge/engine"
)

// peopled is a fresh OSCaR with five clients in two NGOs and a referral to the government.
type peopled struct {
	*httptest.Server
	globalID   string
	referralID int64
}

func populate(t *testing.T) peopled {
	t.Helper()
	system := sim.New(sim.Options{Now: func() time.Time { return testNow }, Seed: 1, Admin: sim.Admin{Email: "bridge@example.org", Password: testPassword}})
	linked := child()
	linked.ExternalID, linked.ExternalIDDisplay = "case-1", "1234567"
	must[string](t)(system.AddClient("riverside", linked))
	slug := must[[]string](t)(system.AddClients("lotus", 4, func(int) sim.Child { return child() }))[2]
	p := peopled{Server: httptest.NewServer(system), referralID: must[int64](t)(system.ReferToGovernment("lotus", slug, []string{counselling}, "reason"))}
	t.Cleanup(p.Close)
	p.globalID = must[sim.Client](t)(system.Client("lotus", slug)).GlobalID
	return p
}

func TestConformance(t *testing.T) {
	var system peopled
	one := func(object string, document func() any) func(*testing.T) []engine.Change {
		return func(*testing.T) []engine.Change {
			return []engine.Change{{Object: "east." + object, Record: "case case-9", Verdict: engine.Send, Document: engine.NewBody([]byte(jsonText(document())))}}
		}
	}
	connectortest.Run(t, connectortest.Suite{
		Driver: Driver{}, Connection: "east",
		Open: func(t *testing.T, transport http.RoundTripper) engine.Connection {
			system = populate(t)
			return connectedTo(t, system.URL, nil, transport)
		},
		Known: []connectortest.Known{
			{Object: "client", Listed: 5, Named: "case-1"},
			{Object: "referral", Changes: func(*testing.T) []engine.Change {
				return []engine.Change{referralChange(map[string]any{"organization_name": "lotus"})}
			}},
			{Object: "decision", Changes: one("decision", func() any {
				return map[string]any{"client_global_id": system.globalID, "referral_id": system.referralID, "referral_status": "Accepted"}
			})},
			{Object: "link", Changes: func(t *testing.T) []engine.Change {
				document := func() any {
					return map[string]string{"global_id": system.globalID, "external_id": "case-9", "external_id_display": "9"}
				}
				return append(one("link", document)(t), links(9)...)
			}},
		},
	})
}
