package primero

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"
	"golang.org/x/sync/errgroup"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/connectors/strictjson"
	"github.com/casebridge/casebridge/engine"
)

// maxSmall bounds, in bytes, an answer about the referrals of one case or the users of one name: thousands of them.
const maxSmall = 8 << 20

// hit is a case and the asked value that it answers.
type hit struct {
	row
	found string
}

// Find looks cases up by an identifier, referrals by their case, users by name.
func (r *reader) Find(ctx context.Context, l engine.Lookup) ([]engine.Record, error) {
	switch {
	case l.Object == cases:
		return r.cases(ctx, l)
	case l.Object == referrals && l.By == "":
		return gather(ctx, r.api.client.Connections(), l.Values, r.referralsOf)
	case l.Object == users && l.By == "user_name":
		return gather(ctx, r.api.client.Connections(), l.Values, r.usersNamed)
	}
	return nil, notThere("find by "+l.By, l.Object)
}

func (r *reader) cases(ctx context.Context, l engine.Lookup) ([]engine.Record, error) {
	if o := caseObject(); !slices.Contains(o.By, l.By) {
		return nil, notThere("find by "+l.By, l.Object)
	}
	hits, err := r.findCases(ctx, l.By, l.Values, l.Fields)
	if err != nil {
		return nil, err
	}
	records := make([]engine.Record, len(hits))
	for i, h := range hits {
		records[i] = r.api.record(h.row, h.found)
	}
	return records, nil
}

// findCases asks for many values in as few requests as their length allows, side by side.
func (r *reader) findCases(ctx context.Context, by string, values, fields []string) ([]hit, error) {
	values, err := askable(by, values)
	if err != nil {
		return nil, err
	}
	wanted := fieldsParam(fields, by, maxFields)
	chunks := r.api.pack(by, values, wanted)
	return gather(ctx, r.api.client.Connections(), chunks, func(ctx context.Context, chunk []string) ([]hit, error) {
		return r.ask(ctx, by, chunk, wanted)
	})
}

// askable leaves out values that cannot be anybody's id (one malformed UUID makes the whole answer empty,
// §2.4), and refuses those that Primero would misread: their absence would prove nothing.
func askable(by string, values []string) ([]string, error) {
	kept := make([]string, 0, len(values))
	for _, v := range values {
		if by == "id" {
			if id, err := uuid.Parse(v); err == nil && id.String() == v {
				kept = append(kept, v)
			}
			continue
		}
		if len(url.QueryEscape(v)) > maxFields-100 || strings.ContainsAny(v, `"\`) || strings.ContainsFunc(v, unicode.IsControl) {
			return nil, &engine.Fault{Kind: engine.Rejected, Op: "find case", Ref: by,
				Err: errors.New("a value is too long or has characters that Primero cannot look up"), Next: "Correct the identifier in the record that is looked up."}
		}
		if v != "" {
			kept = append(kept, v)
		}
	}
	return kept, nil
}

// pack groups values so that each request line stays short enough.
func (a *api) pack(by string, values []string, fields string) [][]string {
	var chunks [][]string
	var chunk []string
	for _, v := range values {
		if len(chunk) > 0 && a.lineLength(filterText(by, append(chunk, v))+findOrder+fields) > maxLine {
			chunks, chunk = append(chunks, chunk), nil
		}
		chunk = append(chunk, v)
	}
	if len(chunk) > 0 {
		chunks = append(chunks, chunk)
	}
	return chunks
}

const findOrder = "&order_by=created_at&order=asc"

// filterText is a filter that takes any of the values. Identifiers need the form f[0]=a&f[1]=b, because
// a comma is part of the value there and f[]=a is dropped in silence; ids take a list with commas (§2.4).
func filterText(by string, values []string) string {
	if by == "id" {
		return "id=" + strings.Join(values, ",")
	}
	if len(values) == 1 {
		return by + "=" + url.QueryEscape(values[0])
	}
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(by + "[" + strconv.Itoa(i) + "]=" + url.QueryEscape(v))
	}
	return b.String()
}

// ask asks for one group of values and makes sure that each row answers one of them. An empty answer is asked for
// twice: Primero also answers so when its query failed (§2.4), and an absent case is made anew.
func (r *reader) ask(ctx context.Context, by string, values []string, fields string) ([]hit, error) {
	query := filterText(by, values) + findOrder + fields
	seen := map[string]bool{}
	var hits []hit
	for number, empty := 1, 0; ; {
		p, err := r.api.list(ctx, "find cases", query, number, maxPer)
		if err != nil {
			return nil, err
		}
		if p.total == 0 && len(p.rows) == 0 && empty == 0 {
			empty++
			continue
		}
		before := len(seen)
		for _, row := range p.rows {
			found := gjson.GetBytes(row.raw, by)
			if found.Type != gjson.String || !slices.Contains(values, found.Str) {
				return nil, ignored("find cases", by)
			}
			if !seen[row.id] {
				seen[row.id] = true
				hits = append(hits, hit{row: row, found: found.Str})
			}
		}
		switch {
		case len(seen) >= p.total:
			return hits, nil
		case len(seen) == before: // nobody new, and yet there are said to be more
			return nil, &engine.Fault{Kind: engine.Transient, Op: "find cases", Ref: by, Err: errMoving}
		}
		number++
	}
}

// referralsOf reads the referrals of one case (§4). A case that is gone has none.
func (r *reader) referralsOf(ctx context.Context, owner string) ([]engine.Record, error) {
	answer, err := r.api.door.do(ctx, rest.Request{Op: "read referrals of case", Ref: owner, Path: casesPath + "/{id}/referrals", Args: []string{owner}, MaxBody: maxSmall})
	if gone(answer) {
		return nil, nil
	}
	if err != nil {
		return nil, aboutRecord(err, "Give the role of this connection's user the right to see this case and its referrals.")
	}
	return r.decode(answer.Body, "read referrals of case", owner, func(item gjson.Result) (engine.Record, bool) {
		return engine.Record{Object: r.api.object(referrals), ID: item.Get("id").String(), Found: owner}, item.Get("record_id").String() == owner
	})
}

// usersNamed reads the user of exactly that name (§7).
func (r *reader) usersNamed(ctx context.Context, name string) ([]engine.Record, error) {
	answer, err := r.api.door.do(ctx, rest.Request{Op: "find user", Ref: name, Path: "/api/v2/users", Query: "per=" + strconv.Itoa(maxPer) + "&user_name=" + url.QueryEscape(name), MaxBody: maxSmall})
	if err != nil {
		return nil, err
	}
	return r.decode(answer.Body, "find user", name, func(item gjson.Result) (engine.Record, bool) {
		return engine.Record{Object: r.api.object(users), ID: item.Get("id").String(), Found: name}, item.Get("user_name").String() == name
	})
}

// decode reads the items of `data`, each once; answers says whether an item is what was asked for.
func (r *reader) decode(body []byte, op, ref string, answers func(gjson.Result) (engine.Record, bool)) ([]engine.Record, error) {
	list := gjson.GetBytes(body, "data")
	if !list.IsArray() {
		return nil, &engine.Fault{Kind: engine.Transient, Op: op, Ref: ref, Err: errShape}
	}
	var records []engine.Record
	var err error
	seen := map[string]bool{}
	list.ForEach(func(_, item gjson.Result) bool {
		record, ok := answers(item)
		if !ok || record.ID == "" {
			err = &engine.Fault{Kind: engine.Environment, Op: op, Ref: ref, Err: errors.New("the answer is about something else"), Next: "Check the version of Primero."}
			return false
		}
		if !seen[record.ID] { // a group's list repeats users (§7)
			seen[record.ID] = true
			raw := []byte(item.Raw)
			records = append(records, filled(record, raw, strictjson.Check(raw), ""))
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	return records, nil
}

// gather asks for each of asked, at most limit at a time, and returns the answers in order.
func gather[A, R any](ctx context.Context, limit int, asked []A, ask func(context.Context, A) ([]R, error)) ([]R, error) {
	answers := make([][]R, len(asked))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(limit)
	for i, a := range asked {
		group.Go(func() (err error) {
			answers[i], err = ask(ctx, a)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var all []R
	for _, some := range answers {
		all = append(all, some...)
	}
	return all, nil
}

// aboutRecord makes of a refused right one that concerns this record only, not the whole connection.
func aboutRecord(err error, next string) error {
	var f *engine.Fault
	if errors.As(err, &f) && f.Status == 403 {
		f.Kind, f.Next = engine.Rejected, next
	}
	return err
}
