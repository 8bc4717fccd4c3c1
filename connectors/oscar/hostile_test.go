package oscar

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/connectortest"
	"github.com/casebridge/casebridge/engine"
)

func TestHostileAnswers(t *testing.T) {
	front := func(w http.ResponseWriter, r *http.Request) bool {
		switch r.URL.Path {
		case signInPath:
			w.Header().Set("Access-Token", "token-a")
			w.Header().Set("Client", "device")
			w.Header().Set("Uid", "bridge@example.org")
			reply(w, 200, `{"data":{"id":1}}`)
		case indexPath:
			reply(w, 200, `{"organizations":[{"short_name":"cif"}]}`)
		default:
			return false
		}
		return true
	}
	one := func(change engine.Change) func(context.Context, engine.Connection) bool {
		return func(ctx context.Context, conn engine.Connection) bool {
			out := conn.Writer().Write(ctx, []engine.Change{change})[0]
			return out.State == engine.Unknown
		}
	}
	connectortest.TestHostile(t, connectortest.Hostile{
		Front: front,
		Open: func(t *testing.T, url string, transport http.RoundTripper, timeout time.Duration, log *slog.Logger) engine.Connection {
			t.Helper()
			conn, err := Driver{}.Open(engine.Opening{Connection: "east", Transport: transport, Now: time.Now, Log: log, TempDir: t.TempDir(),
				Settings: engine.NewSettings(map[string]string{"url": url, "email": "bridge@example.org", "password": testPassword,
					"retries": "0", "timeout": timeout.String(), "list_timeout": timeout.String(), "max_list": "200000000", "max_record": "100000"})})
			if err != nil {
				t.Fatal(err)
			}
			return conn
		},
		Calls: []connectortest.Call{
			{Name: "list", Large: true, Sound: `{"data":[` + shared + `,` + referredOut + `]}`, Do: func(ctx context.Context, conn engine.Connection) error {
				for _, err := range conn.Reader().Read(ctx, engine.Query{Object: "client"}) {
					if err != nil {
						return err
					}
				}
				return nil
			}},
			{Name: "referral", Large: true, Sound: `{"external_id":"case-1","message":"Record saved."}`, Lost: one(referralChange(nil))},
			{Name: "decision", Sound: `{"message":"Record saved."}`, Lost: one(decisionChange(""))},
			{Name: "link", Sound: `{"message":"Record saved."}`, Lost: one(linkChange("01A"))},
		},
	})
}

// bad are texts of a client that cannot be used, and a word of the reason.
func badClients() map[string]struct{ text, why string } {
	return map[string]struct{ text, why string }{
		"a field twice":      {`{"slug":"b-1","organization_name":"cif","external_id":"x","external_id":"` + marker + `"}`, "twice"},
		"twice, inside":      {`{"slug":"b-1","organization_name":"cif","services":[{"uuid":"u","uuid":"v"}]}`, "twice"},
		"no text":            {"{\"slug\":\"b-1\",\"organization_name\":\"cif\",\"given_name\":\"" + marker + "\xff\"}", "UTF-8"},
		"a lone surrogate":   {`{"slug":"b-1","organization_name":"cif","given_name":"` + marker + `\ud800"}`, "surrogate"},
		"a NUL":              {`{"slug":"b-1","organization_name":"cif","given_name":"` + marker + `\u0000"}`, "NUL"},
		"nested deeply":      {`{"slug":"b-1","organization_name":"cif","services":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, "deep"},
		"objects in objects": {`{"slug":"b-1","organization_name":"cif","services":` + strings.Repeat(`{"a":`, 100_000) + `1` + strings.Repeat("}", 100_000) + `}`, "deep"},
		"2 MB":               {`{"slug":"b-1","organization_name":"cif","given_name":"` + strings.Repeat(marker, 100_000) + `"}`, "larger"},
	}
}

// A client that cannot be used spoils itself: those beside it are read, and it is named with the reason.
func TestBadClientSuffersAlone(t *testing.T) {
	for name, bad := range badClients() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := opened(t, listing(referredOut, bad.text, shared), nil)
			records, err := readAll(conn, engine.Query{Object: "client"})
			if err != nil || len(records) != 3 {
				t.Fatalf("%d records, %v", len(records), err)
			}
			got := records[1]
			if got.Fault == nil || !got.Body.Empty() || got.ID != "cif/b-1" || got.Fault.Ref != "cif/b-1" || !strings.Contains(got.Fault.Error(), bad.why) {
				t.Errorf("%q %v", got.ID, got.Fault)
			}
			quiet(t, got.Fault)
			if records[0].Fault != nil || records[2].Fault != nil || records[2].ID != "cif/wxyz-34" {
				t.Error("those beside it suffer")
			}
			named, err := readAll(conn, engine.Query{Object: "client", Named: "cif/b-1"})
			if err != nil || len(named) != 1 || named[0].Fault == nil {
				t.Errorf("asked for by its name: %d, %v", len(named), err)
			}
			nothingLeft(t, conn)
		})
	}
}

// Numbers are passed on as they were written, however long.
func TestNumbersStayExact(t *testing.T) {
	for _, number := range []string{"12345678901234567890", "1e999", "-0", "1.00", "0.1e-999"} {
		text := strings.Replace(shared, `"mosvy_number":""`, `"mosvy_number":`+number, 1)
		records, err := readAll(opened(t, listing(text), nil), engine.Query{Object: "client"})
		if err != nil || len(records) != 1 || records[0].Fault != nil || !strings.Contains(string(records[0].Body.Raw()), `"mosvy_number":`+number+`,`) {
			t.Errorf("%s: %v", number, err)
		}
	}
}

// One client of 100 MB, and 100 MB of small clients, need little memory.
func TestLargeListsNeedLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("large lists")
	}
	const size, allowed = 100 << 20, 96 << 20
	block := strings.Repeat("x", 1<<20)
	for name, c := range map[string]struct {
		write func(io.Writer)
		count int
	}{
		"one client": {func(w io.Writer) {
			_, _ = io.WriteString(w, `{"slug":"b-1","organization_name":"cif","given_name":"`)
			for range size >> 20 {
				_, _ = io.WriteString(w, block)
			}
			_, _ = io.WriteString(w, `"},`+shared)
		}, 2},
		"small clients": {func(w io.Writer) {
			for i := range size / 50 {
				_, _ = fmt.Fprintf(w, `{"slug":"abcd-%08d","organization_name":"cif"},`, i)
			}
			_, _ = io.WriteString(w, shared)
		}, size/50 + 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{answer: func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, `{"data":[`)
				c.write(w)
				_, _ = io.WriteString(w, `]}`)
			}}
			conn := opened(t, f, nil)
			before, most, count := heap(), uint64(0), 0
			for _, err := range conn.Reader().Read(t.Context(), engine.Query{Object: "client"}) {
				if err != nil {
					t.Fatal(err)
				}
				if count++; count%500_000 == 0 || count == c.count {
					most = max(most, heap())
				}
			}
			grown := int64(most) - int64(before)
			t.Logf("%d clients, heap grew by %d kB", count, grown>>10)
			if count != c.count || grown > allowed {
				t.Errorf("%d clients, want %d; the heap grew by %d MB", count, c.count, grown>>20)
			}
		})
	}
}

// What can be told of a client that cannot be used is told, and nothing of which anybody could doubt.
func TestKnownOfABadClient(t *testing.T) {
	long := strings.Repeat("x", 2<<20)
	for name, c := range map[string]struct{ text, want string }{
		"a bad name":            {`{"slug":"b-1","global_id":"01A","external_id":"x","organization_name":"cif","given_name":"\ud800"}`, `{"slug":"b-1","global_id":"01A","external_id":"x","external_id_display":null,`},
		"an id twice":           {`{"slug":"b-1","global_id":"01A","external_id":"x","external_id":"y","organization_name":"cif"}`, `{"slug":"b-1","global_id":"01A","external_id_display":null,`},
		"a bad id":              {`{"slug":"b-1","global_id":"01\u0000A","external_id":"x","organization_name":"cif"}`, `{"slug":"b-1","external_id":"x",`},
		"an object for an id":   {`{"slug":"b-1","global_id":{"a":1,"a":2},"external_id":"x","organization_name":"cif"}`, `{"slug":"b-1","external_id":"x",`},
		"cut in a later text":   {`{"slug":"b-1","global_id":"01A","organization_name":"cif","given_name":"` + long + `","external_id":"x"}`, `{"slug":"b-1","global_id":"01A","organization_name":"cif"}`},
		"cut in an id":          {`{"slug":"b-1","organization_name":"cif","global_id":"` + long + `"}`, `{"slug":"b-1","organization_name":"cif"}`},
		"cut in a number":       {`{"slug":"b-1","organization_name":"cif","global_id":` + strings.Repeat("7", 2<<20) + `}`, `{"slug":"b-1","organization_name":"cif"}`},
		"cut before its NGO":    {`{"slug":"b-1","given_name":"` + long + `","organization_name":"cif"}`, ""},
		"cut in the NGO's name": {`{"slug":"b-1","organization_name":"` + long + `"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			records, err := readAll(opened(t, listing(shared, c.text), nil), engine.Query{Object: "client"})
			if c.want == "" {
				if engine.KindOf(err) != engine.Environment || len(records) != 0 || !strings.Contains(err.Error(), "number 2 of the list") {
					t.Errorf("%d records, %v: want a fault that says its place", len(records), err)
				}
				return
			}
			if err != nil || len(records) != 2 || records[1].Fault == nil || records[1].ID != "cif/b-1" {
				t.Fatalf("%d records, %v", len(records), err)
			}
			if got := string(records[1].Known.Raw()); !strings.HasPrefix(got, c.want) {
				t.Errorf("known are %s, want %s…", got, c.want)
			}
			if !records[0].Known.Empty() {
				t.Error("a client that can be used has no such thing")
			}
		})
	}
}
