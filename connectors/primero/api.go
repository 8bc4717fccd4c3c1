package primero

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/connectors/strictjson"
	"github.com/casebridge/casebridge/engine"
)

const (
	casesPath = "/api/v2/cases"
	// maxPer is Primero's own limit; more is cut to it in silence (§2.2).
	maxPer = 1000
	// maxLine keeps the request line under the 1 KB that the shipped nginx allows (§1.3).
	maxLine = 1000
	// maxFields leaves room for looked-up values beside a list of fields, maxWindowFields for a window.
	maxFields       = 450
	maxWindowFields = 700
)

var errShape = errors.New("the answer has not the shape of a Primero list")

// api is what reader, writer and check share.
type api struct {
	client     *rest.Client
	door       *door
	connection string
	prefix     string // path of the base URL, counted into the request line
	per        int
	lag        time.Duration
	now        func() time.Time
	log        *slog.Logger
}

// object is the full name of one of the driver's objects.
func (a *api) object(name string) string { return a.connection + "." + name }

// row is one record of a list.
type row struct {
	id      string
	stamp   time.Time
	raw     []byte
	doubted error // why raw cannot be taken at its word; see strictjson
}

// second is the grain of windows.
func (r row) second() time.Time { return r.stamp.Truncate(time.Second) }

// page is one page of a list.
type page struct {
	rows  []row
	total int
	per   int
}

// list asks for one page of cases. query has no page of its own.
func (a *api) list(ctx context.Context, op, query string, number, per int) (page, error) {
	query += "&per=" + strconv.Itoa(per) + "&page=" + strconv.Itoa(number)
	answer, err := a.door.do(ctx, rest.Request{Op: op, Path: casesPath, Query: query})
	if err != nil {
		return page{}, err
	}
	p, err := decodePage(answer.Body)
	if err != nil {
		return page{}, &engine.Fault{Kind: engine.Transient, Op: op, Err: err}
	}
	return p, nil
}

// decodePage reads `{"data":[{…}],"metadata":{"total","per","page"}}` (§2.1). Every row has an id and a stamp.
func decodePage(body []byte) (page, error) {
	whole := gjson.ParseBytes(body)
	list, total, per := whole.Get("data"), whole.Get("metadata.total"), whole.Get("metadata.per")
	if !whole.IsObject() || !list.IsArray() || total.Type != gjson.Number || per.Type != gjson.Number || total.Int() < 0 {
		return page{}, errShape
	}
	p, err := page{total: int(total.Int()), per: int(per.Int())}, error(nil)
	list.ForEach(func(_, item gjson.Result) bool {
		var r row
		if r, err = decodeRow(item); err == nil && len(p.rows) == maxPer {
			err = errShape // more than anybody can ask for
		}
		if err != nil {
			return false
		}
		p.rows = append(p.rows, r)
		return true
	})
	return p, err
}

func decodeRow(item gjson.Result) (row, error) {
	id, text := item.Get("id"), item.Get(stampField)
	stamp, err := time.Parse(time.RFC3339Nano, text.String())
	if !item.IsObject() || id.Type != gjson.String || id.Str == "" || text.Type != gjson.String || err != nil {
		return row{}, errShape
	}
	raw := []byte(item.Raw)
	return row{id: id.Str, stamp: stamp.UTC(), raw: raw, doubted: strictjson.Check(raw)}, nil
}

// record makes a case of a row.
func (a *api) record(r row, found string) engine.Record {
	record := engine.Record{Object: a.object(cases), ID: r.id, Stamp: r.stamp, Found: found}
	return filled(record, r.raw, r.doubted, gjson.GetBytes(r.raw, caseName).String())
}

// filled is the record with its body, or with its fault: what cannot be taken at its word is put aside
// under its name, alone.
func filled(record engine.Record, raw []byte, doubted error, name string) engine.Record {
	if doubted == nil {
		record.Body = engine.NewBody(raw)
		return record
	}
	record.Fault = &engine.Fault{Kind: engine.Unmapped, Op: "read " + record.Object, Ref: cmp.Or(name, record.ID), Err: doubted, Next: "Correct the record in Primero."}
	return record
}

// version asks for Primero's version, which also proves the credentials (§0).
func (a *api) version(ctx context.Context) (string, error) {
	answer, err := a.door.do(ctx, rest.Request{Op: "sign in", Ref: a.connection, Path: "/api/v2/system_settings"})
	if err != nil {
		return "", err
	}
	version := gjson.GetBytes(answer.Body, "data.primero_version").String()
	if version == "" {
		return "", &engine.Fault{Kind: engine.Environment, Op: "sign in", Ref: a.connection, Err: errors.New("what answers is not a Primero"), Next: "Check the url of this connection."}
	}
	return version, nil
}

// probe makes sure that a filter which fits no case finds none.
func (a *api) probe(ctx context.Context, field, value string) error {
	p, err := a.list(ctx, "check filter", field+"="+url.QueryEscape(value)+"&fields=id", 1, 1)
	if err != nil {
		return err
	}
	if p.total != 0 {
		return ignored("check filter", field)
	}
	return nil
}

// nobody is a value of the field that no case has.
func nobody(string) string { return "no-case-" + uuid.NewString() }

// ignored is the fault of a filter that Primero did not apply (§2.3).
func ignored(op, field string) *engine.Fault {
	return &engine.Fault{Kind: engine.Environment, Op: op, Ref: field, Err: errors.New("the filter was ignored, and the answer would be other cases"), Next: nextIgnored(field)}
}

func nextIgnored(field string) string {
	if field == stampField {
		return "Check that the role of this connection's user may read cases, and that the server runs in UTC."
	}
	return "Put this field on a form of the role of this connection's user."
}

// lineLength is how long a GET of cases with this query is, page numbers included.
func (a *api) lineLength(query string) int {
	return len("GET ?&per=1000&page=9999 HTTP/1.1\r\n") + len(a.prefix) + len(casesPath) + len(query)
}

// fieldsParam is "&fields=…" for these fields, or "" when there are none or they take more than room bytes:
// then everything comes, which is slower and right. Primero adds id, enabled and last_updated_at itself (§2.1).
func fieldsParam(fields []string, also string, room int) string {
	if len(fields) == 0 {
		return ""
	}
	list := also
	for _, f := range fields {
		if list == "" {
			list = f
		} else if f != also {
			list += "," + f
		}
	}
	if param := "&fields=" + url.QueryEscape(list); len(strings.ReplaceAll(param, "%2C", ",")) <= room {
		return strings.ReplaceAll(param, "%2C", ",")
	}
	return ""
}

func pathOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.EscapedPath()
}
