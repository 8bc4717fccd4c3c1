package sim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"
)

// listed is one row of the list before it is encoded.
type listed struct {
	tenant *tenant
	client *client
	full   bool // the shape for children referred to the caller's system
}

// window is what the list was asked for.
type window struct {
	since, until time.Time // as written, in their own zones
	mode         int       // 1 between, 2 since, 3 everything (§6.1)
}

// clients answers GET organizations/clients. What is selected is decided at
// once; rows are encoded while they are sent, a few hundred at a time.
func (s *System) clients(c *call) reply {
	w, ok := s.window(c)
	if !ok {
		return crash(c.Request)
	}
	var rows []listed
	for _, t := range s.tenants {
		if !t.org.Integrated || t.org.Deleted {
			continue
		}
		chosen := s.choose(t, w)
		if s.unlistable(t, chosen) {
			return crash(c.Request)
		}
		rows = append(rows, chosen...)
	}
	return reply{status: http.StatusOK, kind: jsonType, stream: func(out io.Writer) { s.encode(out, rows) }}
}

// window reads the two dates. An empty since_date asks for everything; an
// end_date alone is invalid SQL.
func (s *System) window(c *call) (window, bool) {
	query := c.URL.Query()
	since, until := query.Get("since_date"), query.Get("end_date")
	w := window{mode: 3}
	var ok bool
	if until != "" {
		w.mode = 1
		if w.until, ok = parseTime(until, s.zone()); !ok || since == "" {
			return w, false
		}
	}
	if since != "" {
		w.mode = min(w.mode, 2)
		if w.since, ok = parseTime(since, s.zone()); !ok {
			return w, false
		}
	}
	return w, true
}

// choose selects one tenant's rows in their order.
func (s *System) choose(t *tenant, w window) []listed {
	if w.mode == 1 {
		return between(t, w)
	}
	system := s.external()
	instant := w.since.UTC().Truncate(time.Microsecond)
	day := w.since.Format(time.DateOnly)
	var referred, rest []listed
	for _, c := range t.clients {
		switch {
		case !c.listable():
		case c.referredExternal && !c.archived && c.latest().Compare(instant) >= 0 && len(c.ofSystem(system)) > 0:
			referred = append(referred, listed{t, c, true})
		case w.mode == 3 || c.latest().Format(time.DateOnly) >= day:
			rest = append(rest, listed{t, c, false})
		}
	}
	newestFirst(referred)
	newestFirst(rest)
	return append(referred, rest...)
}

// latest is the later of the row's two stamps.
func (c *client) latest() time.Time {
	if c.created.After(c.updated) {
		return c.created
	}
	return c.updated
}

// listable are the conditions that every listed row meets (§6.1).
func (c *client) listable() bool {
	return !(c.given.blank() && c.localGiven.blank()) && !(c.family.blank() && c.localFamily.blank()) &&
		c.gender.text != "" && c.birth.set
}

// between is mode 1: by creation alone, the literals read as wall clock of UTC
// whatever their zone. It is the same raw SQL as mode 2's rest, so archived
// children are in it.
func between(t *tenant, w window) []listed {
	from, to := wall(w.since), wall(w.until)
	var rows []listed
	for _, c := range t.clients {
		if c.listable() && !c.created.Before(from) && !c.created.After(to) {
			rows = append(rows, listed{t, c, false})
		}
	}
	slices.SortStableFunc(rows, func(a, b listed) int { return a.client.created.Compare(b.client.created) })
	return rows
}

func wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

func newestFirst(rows []listed) {
	slices.SortStableFunc(rows, func(a, b listed) int { return b.client.updated.Compare(a.client.updated) })
}

// unlistable says whether a tenant's settings make the whole list crash.
func (s *System) unlistable(t *tenant, rows []listed) bool {
	if len(rows) == 0 {
		return false
	}
	if t.org.NoSetting {
		return true
	}
	bare := t.org.Province != "" && t.org.District == "" && t.org.Commune == ""
	return bare && slices.ContainsFunc(rows, func(r listed) bool { return r.full })
}

// chunk is how many rows are encoded under one lock.
const chunk = 256

// encode writes {"data":[...]}. The lock is held while rows are encoded, never
// while they are sent: a slow reader stops nobody.
func (s *System) encode(out io.Writer, rows []listed) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	buffer.WriteString(`{"data":[`)
	for at := 0; at < len(rows); at += chunk {
		s.encodeChunk(encoder, &buffer, rows[at:min(at+chunk, len(rows))], at == 0)
		if _, err := buffer.WriteTo(out); err != nil {
			return
		}
	}
	buffer.WriteString("]}")
	_, _ = buffer.WriteTo(out)
}

func (s *System) encodeChunk(encoder *json.Encoder, buffer *bytes.Buffer, rows []listed, leads bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, row := range rows {
		if i > 0 || !leads {
			buffer.WriteByte(',')
		}
		if err := encoder.Encode(s.row(row)); err != nil {
			panic(err) // only our own structs come here
		}
		buffer.Truncate(buffer.Len() - 1) // the encoder's newline
	}
}
