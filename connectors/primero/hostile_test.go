package primero_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/connectortest"
	"github.com/casebridge/casebridge/connectors/primero"
	"github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/engine"
)

const stamped = `"last_updated_at":"2026-09-01T07:00:00.000Z"`

// pageOf is a page of cases, which are all there are.
func pageOf(rows ...string) string {
	return fmt.Sprintf(`{"data":[%s],"metadata":{"total":%d,"per":500,"page":1}}`, strings.Join(rows, ","), len(rows))
}

func TestHostileAnswers(t *testing.T) {
	sound := pageOf(`{"id":"`+firstCase+`","case_id":"c-1",`+stamped+`}`, `{"id":"`+firstCase[:35]+`1","case_id":"c-1",`+stamped+`}`)
	find := func(object, by, value string) func(context.Context, engine.Connection) error {
		return func(ctx context.Context, conn engine.Connection) error {
			_, err := conn.Reader().Find(ctx, engine.Lookup{Object: object, By: by, Values: []string{value}})
			return err
		}
	}
	lost := func(c engine.Change) func(context.Context, engine.Connection) bool {
		return func(ctx context.Context, conn engine.Connection) bool {
			return conn.Writer().Write(ctx, []engine.Change{c})[0].State == engine.Unknown
		}
	}
	answered := engine.Change{Object: "west.referral", Verdict: engine.Update, Target: "r-1", Document: document(`{"status":"accepted"}`), Current: document(`{"id":"r-1","record_id":"` + firstCase + `"}`)}
	connectortest.TestHostile(t, connectortest.Hostile{
		Front: func(http.ResponseWriter, *http.Request) bool { return false },
		Open: func(t *testing.T, url string, transport http.RoundTripper, timeout time.Duration, log *slog.Logger) engine.Connection {
			t.Helper()
			conn, err := primero.Driver{}.Open(engine.Opening{Connection: "west", Transport: transport, Log: log,
				Now:      func() time.Time { return time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC) },
				Settings: engine.NewSettings(map[string]string{"url": url, "user": sim.DefaultUser, "password": sim.DefaultPassword, "rate": "0", "retries": "0", "timeout": timeout.String()})})
			if err != nil {
				t.Fatal(err)
			}
			return conn
		},
		Calls: []connectortest.Call{
			{Name: "window", Large: true, Sound: sound, Do: func(ctx context.Context, conn engine.Connection) error {
				for _, err := range conn.Reader().Read(ctx, engine.Query{Object: "case", Since: time.Date(2026, 9, 1, 6, 0, 0, 0, time.UTC)}) {
					if err != nil {
						return err
					}
				}
				return nil
			}},
			{Name: "lookup", Sound: sound, Do: find("case", "case_id", "c-1")},
			{Name: "referrals", Large: true, Sound: `{"data":[{"id":"r-1","record_id":"` + firstCase + `"}]}`, Do: find("referral", "", firstCase)},
			{Name: "users", Sound: `{"data":[{"id":7,"user_name":"worker1"}],"metadata":{}}`, Do: find("user", "user_name", "worker1")},
			{Name: "check", Sound: `{"data":{"primero_version":"2.15"}}`, Do: func(ctx context.Context, conn engine.Connection) error {
				// What answers is sound for the first question only; the filters that are asked for after it are no page.
				if err := conn.Check(ctx); err != nil && engine.KindOf(err) == engine.Transient && strings.Contains(err.Error(), "check filter") && strings.Contains(err.Error(), "shape") {
					return nil
				} else if err != nil {
					return err
				}
				return errors.New("a check without filters")
			}},
			{Name: "answer", Sound: `{"data":{"id":"r-1","status":"accepted"}}`, Lost: lost(answered)},
		},
	})
}

// serving opens a connection to a Primero that always gives this body.
func serving(t *testing.T, body string) engine.Connection {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
	t.Cleanup(server.Close)
	settings := map[string]string{"user": sim.DefaultUser, "password": sim.DefaultPassword, "rate": "0", "retries": "0"}
	return dial(t, server.URL, settings, nil, func() time.Time { return time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC) })
}

// A case that cannot be taken at its word is put aside under its name; those beside it are read and found.
func TestBadCaseSuffersAlone(t *testing.T) {
	good := `{"id":"` + firstCase + `","case_id":"c-1",` + stamped + `}`
	for name, bad := range map[string]struct{ fields, why string }{
		"a field twice":    {`"owned_by":"a","owned_by":"canary"`, "twice"},
		"no text":          {"\"name_first\":\"canary\xff\"", "UTF-8"},
		"a lone surrogate": {`"name_first":"canary\udc00"`, "surrogate"},
		"a NUL":            {`"name_first":"\u0000canary"`, "NUL"},
		"twice in a row":   {`"services_section":[{"unique_id":"u","unique_id":"canary"}]`, "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := serving(t, pageOf(good, `{"id":"`+firstCase[:35]+`1","case_id":"c-2",`+stamped+`,`+bad.fields+`}`))
			var all []engine.Record
			for r, err := range conn.Reader().Read(t.Context(), engine.Query{Object: "case", Since: time.Date(2026, 9, 1, 6, 0, 0, 0, time.UTC)}) {
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, r)
			}
			found, err := conn.Reader().Find(t.Context(), engine.Lookup{Object: "case", By: "case_id", Values: []string{"c-1", "c-2"}})
			if err != nil {
				t.Fatal(err)
			}
			for _, records := range [][]engine.Record{all, found} {
				if len(records) != 2 || records[0].Fault != nil || records[1].Fault == nil || !records[1].Body.Empty() || records[1].Fault.Ref != "c-2" {
					t.Fatalf("%d records", len(records))
				}
				if text := records[1].Fault.Error(); !strings.Contains(text, bad.why) || strings.Contains(text, "canary") {
					t.Error(text)
				}
			}
		})
	}
}

// A count that no page lives up to ends in a fault, not in asking for ever.
func TestCountsThatAreNotTrueEnd(t *testing.T) {
	row := `{"id":"` + firstCase + `","case_id":"c-1",` + stamped + `}`
	for name, total := range map[string]string{"many": "9000000000000000000", "infinite": "1e999", "a fraction": "7.5", "long": "12345678901234567890"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := serving(t, `{"data":[`+row+`],"metadata":{"total":`+total+`,"per":500,"page":1}}`)
			for _, err := range conn.Reader().Read(t.Context(), engine.Query{Object: "case", Since: time.Date(2026, 9, 1, 6, 0, 0, 0, time.UTC)}) {
				if err != nil && engine.KindOf(err) != engine.Transient {
					t.Error(err)
				}
			}
			if _, err := conn.Reader().Find(t.Context(), engine.Lookup{Object: "case", By: "case_id", Values: []string{"c-1"}}); engine.KindOf(err) != engine.Transient {
				t.Error(err)
			}
		})
	}
}
