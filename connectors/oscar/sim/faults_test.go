package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"
)

// serve puts the system on a real port: cut connections need one.
func (d *desk) serve() *httptest.Server {
	server := httptest.NewServer(d.System)
	d.t.Cleanup(server.Close)
	return server
}

// over sends a request over the wire.
func (d *desk) over(server *httptest.Server, method, path, body string) (*http.Response, error) {
	r, err := http.NewRequest(method, server.URL+"/api/v1"+path, strings.NewReader(body))
	d.ok(err)
	r.Header = d.token.Clone()
	r.Header.Set("Content-Type", "application/json")
	return server.Client().Do(r)
}

func upsertBody(changes map[string]any) string {
	body, _ := json.Marshal(map[string]any{"organization": form(changes)})
	return string(body)
}

const upsertPath = "/organizations/clients/upsert"

func TestFailuresThatOSCaRNeverSees(t *testing.T) {
	for failure, want := range map[Failure]struct {
		status int
		kind   string
	}{
		HTML500: {500, htmlType}, HTML502: {502, htmlType}, HTML200: {200, htmlType}, Empty200: {200, jsonType}, Unauthorized: {401, jsonType},
	} {
		d := open(t)
		d.FailNext(Upserts, failure, 1)
		status, header, body := d.send("POST", upsertPath, upsertBody(nil))
		equal(t, string(failure), status, want.status)
		equal(t, string(failure), header.Get("Content-Type"), want.kind)
		equal(t, string(failure), gjson.Valid(body), failure == Unauthorized)
		equal(t, "referrals", len(d.AllReferrals()), 0)
		d.mustUpsert(nil)
	}
}

func TestResetKeepsOSCaRUntouchedAndResetAfterDoesNot(t *testing.T) {
	d := open(t)
	server := d.serve()
	for failure, want := range map[Failure]int{Reset: 0, ResetAfter: 1} {
		before := len(d.AllReferrals())
		d.FailNext(Upserts, failure, 1)
		if _, err := d.over(server, "POST", upsertPath, upsertBody(nil)); err == nil {
			t.Error(failure, "was answered")
		}
		equal(t, string(failure), len(d.AllReferrals())-before, want)
	}
	equal(t, "logged without a status", d.Log()[len(d.Log())-1].Status, 0)
}

func TestProxyPageAfterTheWorkWasDone(t *testing.T) {
	d := open(t)
	d.FailNext(nil, HTML502After, 1)
	status, _, _ := d.send("POST", upsertPath, upsertBody(nil))
	equal(t, "status", status, 502)
	equal(t, "referrals", len(d.AllReferrals()), 1)
}

func TestCutAnswerEndsInTheMiddle(t *testing.T) {
	d := open(t)
	server := d.serve()
	must(d.AddClients("lotus", 50, func(int) Child { return child() }))
	d.FailNext(Lists, CutAfter(1000), 1)
	response, err := d.over(server, "GET", "/organizations/clients", "")
	d.ok(err)
	body, err := io.ReadAll(response.Body)
	equal(t, "an error while reading", err != nil, true)
	equal(t, "bytes", len(body), 1000)
}

func TestSlowAnswers(t *testing.T) {
	for failure, want := range map[Failure]int{SlowBefore(time.Minute): 0, SlowAfter(time.Minute): 1} {
		synctest.Test(t, func(t *testing.T) {
			d := open(t)
			d.FailNext(Upserts, failure, 1)
			var answered atomic.Bool
			go func() { d.send("POST", upsertPath, upsertBody(nil)); answered.Store(true) }()
			time.Sleep(59 * time.Second)
			synctest.Wait()
			equal(t, string(failure)+": answered early", answered.Load(), false)
			equal(t, string(failure), len(d.AllReferrals()), want)
			time.Sleep(time.Second)
			synctest.Wait()
			equal(t, string(failure)+": answered", answered.Load(), true)
			equal(t, "in the end it is handled", len(d.AllReferrals()), 1)
		})
	}
}

func TestFailuresAreUsedUpInTurnAndHealed(t *testing.T) {
	d := open(t)
	d.FailNext(Lists, HTML500, 2)
	d.FailNext(nil, HTML502, 1)
	d.FailNext(nil, HTML500, 9)
	for _, want := range []int{500, 500, 502, 500} {
		status, _, _ := d.send("GET", "/organizations/clients", "")
		equal(t, "status", status, want)
	}
	d.Heal()
	status, _, _ := d.send("GET", "/organizations/clients", "")
	equal(t, "healed", status, 200)
}

func TestCountersAndLog(t *testing.T) {
	d := open(t)
	d.list("since_date=2024-05-10")
	d.mustUpsert(nil)
	d.FailNext(Writes, HTML500, 1)
	d.send("PUT", linksPath, `{"data":[]}`)
	d.status("x", 1, Accepted)
	equal(t, "requests", d.Requests(), 5)
	equal(t, "writes", d.Writes(), 3)
	log := d.Log()
	equal(t, "lines", len(log), 5)
	equal(t, "list", log[1], Request{Method: "GET", Path: "/api/v1/organizations/clients", RawQuery: "since_date=2024-05-10", Status: 200, When: d.clock.now()})
	equal(t, "failure", log[3].Failure, HTML500)
	d.ResetCounters()
	equal(t, "reset", d.Requests()+d.Writes()+len(d.Log()), 0)
}

func TestLatencyIsWaited(t *testing.T) {
	d := open(t, func(o *Options) { o.Latency = 20 * time.Millisecond })
	start := time.Now()
	d.list("")
	equal(t, "waited", time.Since(start) >= 20*time.Millisecond, true)
}

func TestSnapshotForgetsWhatDiffersFromRunToRun(t *testing.T) {
	play := func(d *desk, cases ...string) {
		for _, id := range cases {
			d.mustUpsert(map[string]any{"external_id": id})
			d.clock.advance(time.Hour)
		}
		for _, r := range d.Referrals("lotus") {
			must(d.TakeUp("lotus", r.ID))
		}
	}
	one, two := open(t), open(t, func(o *Options) { o.Seed = 2 })
	play(one, "a", "b")
	play(two, "b", "a")
	if !bytes.Equal(one.Snapshot(), two.Snapshot()) {
		t.Errorf("snapshots differ:\n%s\n%s", one.Snapshot(), two.Snapshot())
	}
	two.mustUpsert(map[string]any{"external_id": "c"})
	equal(t, "a new referral shows", bytes.Equal(one.Snapshot(), two.Snapshot()), false)
	one.upsertForm(map[string]any{"external_id": "c", "level_of_risk": nil})
	equal(t, "a stray identity is no referral", bytes.Equal(one.Snapshot(), two.Snapshot()), false)
}

func TestSeedDecidesIdentities(t *testing.T) {
	ids := func(seed int64, later time.Duration) string {
		d := open(t, func(o *Options) { o.Seed = seed })
		d.clock.advance(later)
		must(d.AddClient("lotus", child()))
		return d.Identities()[0].GlobalID + d.Clients("lotus")[0].Slug
	}
	equal(t, "same seed", ids(1, 0), ids(1, time.Hour))
	equal(t, "another seed", ids(1, 0) == ids(2, 0), false)
}

// least is the shortest time of some tries: what else the machine does makes one longer, never shorter.
func least(try func() time.Duration) time.Duration {
	shortest := try()
	for range 2 {
		shortest = min(shortest, try())
	}
	return shortest
}

// crowded is a desk with n clients in one NGO, and how long it took to enter them.
func crowded(t *testing.T, n int) (*desk, time.Duration) {
	t.Helper()
	d := open(t)
	start := time.Now()
	must(d.AddClients("lotus", n, func(i int) Child {
		c := child()
		c.ExternalID = fmt.Sprint("case-", i)
		return c
	}))
	return d, time.Since(start)
}

// What one client costs does not grow with how many there are. Only times of one machine are compared.
func TestThirtyThousandClients(t *testing.T) {
	const few, many = 1_000, 30_000
	var d *desk
	seed := func(n int) time.Duration {
		return least(func() (took time.Duration) { d, took = crowded(t, n); return took })
	}
	calls := 0
	upserts := func() time.Duration { // of the clients that came last
		start := time.Now()
		for i := range 100 {
			calls++
			d.mustUpsert(map[string]any{"external_id": fmt.Sprint("new-", calls)})
			last := len(d.schemas["lotus"].clients) - 1 - i
			d.mustUpsert(map[string]any{"external_id": fmt.Sprint("case-", last), "global_id": d.at("lotus", last)})
		}
		return time.Since(start)
	}
	seedFew, upsertFew := seed(few), least(upserts)
	seedMany, upsertMany := seed(many), least(upserts)
	t.Logf("%d clients are entered in %v, %d in %v; 200 upserts then take %v and %v", few, seedFew, many, seedMany, upsertFew, upsertMany)
	equal(t, "a client is entered as fast among many", seedMany < seedFew*(many/few)*8, true)
	equal(t, "look-ups by index", upsertMany < upsertFew*8, true)

	w := &counter{header: http.Header{}}
	d.ServeHTTP(w, d.request("GET", "/organizations/clients", ""))
	equal(t, "status", w.status, 200)
	equal(t, "written in pieces", w.largest < 1<<20, true)
}

// at is the global id of the i-th client, without viewing all of them.
func (d *desk) at(org string, i int) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.schemas[org].clients[i].globalID.text
}

// counter is a ResponseWriter that keeps nothing.
type counter struct {
	header             http.Header
	status, n, largest int
}

func (c *counter) Header() http.Header    { return c.header }
func (c *counter) WriteHeader(status int) { c.status = status }
func (c *counter) Write(p []byte) (int, error) {
	c.n += len(p)
	c.largest = max(c.largest, len(p))
	return len(p), nil
}

func TestPeopleAndCallersActAtOnce(t *testing.T) {
	d := open(t)
	must(d.AddClients("lotus", 300, func(int) Child { return child() }))
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for n := range 8 {
				slug, err := d.AddClient("lotus", child())
				_, refused := d.ReferToGovernment("lotus", slug, []string{"Kinship care"}, "x")
				if err := errors.Join(err, refused, d.Accept("lotus", slug)); err != nil {
					t.Error(err)
				}
				d.send("POST", upsertPath, upsertBody(map[string]any{"external_id": fmt.Sprint(i, "-", n), "organization_name": "banyan"}))
				if status, _, body := d.send("GET", "/organizations/clients", ""); status != 200 || !gjson.Valid(body) {
					t.Error("list", status)
				}
				d.Snapshot()
			}
		})
	}
	group.Wait()
	equal(t, "clients", len(d.Clients("lotus")), 364)
	equal(t, "referrals", len(d.Referrals("banyan")), 64)
}
