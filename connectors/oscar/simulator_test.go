package oscar

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/oscar/sim"
	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

const counselling = "Trauma counselling"

// simulated is a simulated OSCaR with a connection to it.
type simulated struct {
	*sim.System
	*connection
	t *testing.T
}

func simulate(t *testing.T, switches sim.Switches, settings map[string]string) simulated {
	t.Helper()
	system := sim.New(sim.Options{Now: func() time.Time { return testNow }, Seed: 1, Switches: switches,
		Admin: sim.Admin{Email: "bridge@example.org", Password: testPassword}})
	server := httptest.NewServer(system)
	t.Cleanup(server.Close)
	return simulated{system, connectedTo(t, server.URL, settings, nil), t}
}

// send hands over a referral of case-1 to lotus, with these fields set otherwise.
func (s simulated) send(edit map[string]any) engine.Outcome {
	s.t.Helper()
	fields := map[string]any{"organization_name": "lotus"}
	for name, value := range edit {
		fields[name] = value
	}
	return write(s.t, s.connection, referralChange(fields))[0]
}

// client reads the one client that answers to named.
func (s simulated) client(named string) gjson.Result {
	s.t.Helper()
	records, err := readAll(s.connection, engine.Query{Object: "client", Named: named})
	if err != nil || len(records) != 1 {
		s.t.Fatalf("%d clients, %v", len(records), err)
	}
	return gjson.ParseBytes(records[0].Body.Raw())
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestStoryOfAReferral(t *testing.T) {
	s := simulate(t, sim.Switches{}, nil)
	if err := s.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	if out := s.send(nil); out.State != engine.Done {
		t.Fatal(out.Fault)
	}
	sent := s.Referrals("lotus")
	if len(sent) != 1 || sent[0].ExternalID != "case-1" || sent[0].LevelOfRisk != "no action" || !cmp.Equal(sent[0].Services, []string{counselling}) {
		t.Fatalf("%+v", sent)
	}
	slug := must[string](t)(s.TakeUp("lotus", sent[0].ID))
	row := s.client("case-1")
	if row.Get("slug").String() != slug || row.Get("services.0.referral_id").Int() != sent[0].ID || row.Get("services.0.referral_status").String() != "Referred" {
		t.Errorf("listed as %s", row.Get("services").Raw)
	}

	// The NGO has the child: without its id a second referral is refused, with it it is taken.
	out := s.send(nil)
	if out.State != engine.Refused || out.Fault.Next != nextTakenUp {
		t.Errorf("second, without global_id: %s %v", out.State, out.Fault)
	}
	if out := s.send(map[string]any{"global_id": row.Get("global_id").String()}); out.State != engine.Done {
		t.Errorf("second, with global_id: %v", out.Fault)
	}
	if got := len(s.Referrals("lotus")); got != 2 {
		t.Errorf("%d referrals", got)
	}
}

func TestStoryOfADecisionAndALink(t *testing.T) {
	s := simulate(t, sim.Switches{}, nil)
	slug := must[string](t)(s.AddClient("lotus", child()))
	id := must[int64](t)(s.ReferToGovernment("lotus", slug, []string{counselling}, "reason"))
	before := s.client(slug)
	if before.Get("external_id").Type != gjson.Null || before.Get("services.0.referral_id").Int() != id {
		t.Fatalf("listed as %s", before.Get("services").Raw)
	}
	globalID := before.Get("global_id").String()
	decided := decisionChange(jsonText(map[string]any{"client_global_id": globalID, "referral_id": id, "referral_status": "Accepted"}))
	linked := engine.Change{Object: "east.link", Document: engine.NewBody([]byte(jsonText(map[string]string{"global_id": globalID, "external_id": "case-9", "external_id_display": "9"})))}
	for _, change := range []engine.Change{decided, linked, decided, linked} { // both may be repeated
		if out := write(t, s.connection, change); out[0].State != engine.Done {
			t.Fatal(out[0].Fault)
		}
	}
	after := s.client("case-9")
	if after.Get("services.0.referral_status").String() != "Accepted" || after.Get("external_id_display").String() != "9" {
		t.Errorf("listed as %s", after.Get("services").Raw)
	}
	unknown := decisionChange(jsonText(map[string]any{"client_global_id": globalID, "referral_id": id + 1000, "referral_status": "Accepted"}))
	if out := write(t, s.connection, unknown); out[0].State != engine.Refused {
		t.Errorf("a referral that is not there: %s", out[0].State)
	}
}

func child() sim.Child {
	return sim.Child{GivenName: "A", FamilyName: "B", Gender: "female", DateOfBirth: "2016-01-01", Address: "12010101"}
}

// TestNoClaimAboutAReferralIsFalse holds what the connector says against what OSCaR did.
func TestNoClaimAboutAReferralIsFalse(t *testing.T) {
	type given struct {
		failure  sim.Failure
		switches sim.Switches
		edit     map[string]any
		prepare  func(simulated, map[string]any)
	}
	for name, c := range map[string]struct {
		given
		state engine.State
		made  int // referrals that OSCaR then has
	}{
		"nothing wrong":       {given{}, engine.Done, 1},
		"page":                {given{failure: sim.HTML500}, engine.Unknown, 0},
		"gateway":             {given{failure: sim.HTML502}, engine.Unknown, 0},
		"gateway afterwards":  {given{failure: sim.HTML502After}, engine.Unknown, 1},
		"portal":              {given{failure: sim.HTML200}, engine.Unknown, 0},
		"empty":               {given{failure: sim.Empty200}, engine.Unknown, 0},
		"reset before":        {given{failure: sim.Reset}, engine.Unknown, 0},
		"reset afterwards":    {given{failure: sim.ResetAfter}, engine.Unknown, 1},
		"cut":                 {given{failure: sim.CutAfter(20)}, engine.Unknown, 1},
		"slow":                {given{failure: sim.SlowAfter(3 * time.Second)}, engine.Unknown, 1},
		"token not known":     {given{failure: sim.Unauthorized}, engine.Done, 1},
		"crash when saving":   {given{switches: sim.Switches{HeadCrash: true}}, engine.Unknown, 0},
		"no external system":  {given{switches: sim.Switches{NoExternalSystem: true}}, engine.Refused, 0},
		"unknown service":     {given{edit: map[string]any{"services.0.name": "Sailing"}}, engine.Refused, 0},
		"unknown NGO":         {given{edit: map[string]any{"organization_name": "nowhere"}}, engine.Refused, 0},
		"unknown global id":   {given{edit: map[string]any{"global_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}}, engine.Unknown, 1},
		"client not complete": {given{edit: map[string]any{}, prepare: incompleteClient}, engine.Unknown, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := map[string]string{"retries": "2"}
			if name == "slow" {
				settings["timeout"] = "1s"
			}
			s := simulate(t, c.switches, settings)
			if c.prepare != nil {
				c.prepare(s, c.edit)
			}
			if c.failure != "" {
				s.FailNext(sim.Upserts, c.failure, 1)
			}
			out := s.send(c.edit)
			if out.State != c.state {
				t.Errorf("got %s: %v", out.State, out.Fault)
			}
			if got := s.made(c.made); got != c.made {
				t.Errorf("OSCaR has %d referrals, want %d", got, c.made)
			}
		})
	}
}

// made waits a little until there are as many referrals as expected: OSCaR may still be at it.
func (s simulated) made(want int) int {
	for deadline := time.Now().Add(time.Minute); len(s.AllReferrals()) < want && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	return len(s.AllReferrals())
}

// incompleteClient gives lotus a client that OSCaR lets nobody update, and names it in the referral.
func incompleteClient(s simulated, edit map[string]any) {
	c := child()
	c.Incomplete = true
	slug := must[string](s.t)(s.AddClient("lotus", c))
	edit["global_id"] = s.client(slug).Get("global_id").String()
}

func TestListSurvivesWhatCanGoWrong(t *testing.T) {
	for _, failure := range []sim.Failure{sim.HTML500, sim.HTML502, sim.HTML200, sim.Empty200, sim.Reset, sim.ResetAfter, sim.CutAfter(200), sim.Unauthorized} {
		t.Run(string(failure), func(t *testing.T) {
			t.Parallel()
			s := simulate(t, sim.Switches{}, map[string]string{"retries": "1"})
			must[[]string](t)(s.AddClients("lotus", 3, func(int) sim.Child { return child() }))
			s.FailNext(sim.Lists, failure, 1)
			records, err := readAll(s.connection, engine.Query{Object: "client", Since: testNow})
			if err != nil || len(records) != 3 {
				t.Errorf("%d clients, %v", len(records), err)
			}
		})
	}
}

func TestEndedTokensAreRenewedOnce(t *testing.T) {
	s := simulate(t, sim.Switches{}, map[string]string{"connections": "20"})
	if err := s.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.ExpireTokens()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := s.do(context.Background(), rest.Request{Op: "validate", Path: validatePath}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	signIns := 0
	for _, r := range s.Log() {
		if r.Path == signInPath {
			signIns++
		}
	}
	if signIns != 2 {
		t.Errorf("%d sign-ins", signIns)
	}
}

func TestCatalogueKnowsEveryFieldThatIsListed(t *testing.T) {
	s := simulate(t, sim.Switches{}, nil)
	referred := must[string](t)(s.AddClient("lotus", child()))
	must[int64](t)(s.ReferToGovernment("lotus", referred, []string{counselling}, "reason"))
	own := child()
	own.ExternalID, own.Status = "case-2", "Accepted"
	enrolled := must[string](t)(s.AddClient("riverside", own))
	if err := s.Enrol("riverside", enrolled, "P", []string{counselling}, "2026-01-02"); err != nil {
		t.Fatal(err)
	}
	object := client()
	records, err := readAll(s.connection, engine.Query{Object: "client"})
	if err != nil || len(records) != 2 {
		t.Fatalf("%d clients, %v", len(records), err)
	}
	for _, record := range records {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(record.Body.Raw(), &fields); err != nil {
			t.Fatal(err)
		}
		for name := range fields {
			if object.Field(name) == nil {
				t.Errorf("%s is not in the catalogue", name)
			}
		}
		for _, service := range gjson.GetBytes(record.Body.Raw(), "services").Array() {
			for name := range service.Map() {
				if engine.FieldNamed(object.Field("services").Fields, name) == nil {
					t.Errorf("services.%s is not in the catalogue", name)
				}
			}
		}
	}
}
