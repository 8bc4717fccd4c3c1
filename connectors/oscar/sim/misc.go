package sim

import (
	"net/http"
	"slices"
	"time"
)

type logo struct {
	URL *string `json:"url"`
}

type indexed struct {
	ID      int64  `json:"id"`
	Full    string `json:"full_name"`
	Short   string `json:"short_name"`
	Logo    logo   `json:"logo"`
	Country string `json:"country"`
	Demo    *bool  `json:"demo,omitempty"`
}

// index answers GET organizations; nothing says which are integrated
// (§5.3).
func (s *System) index(*call) reply {
	rows := []indexed{}
	for _, t := range s.standing() {
		row := indexed{ID: t.org.ID, Full: t.org.FullName, Short: t.org.ShortName, Country: t.org.Country}
		if s.switches.Production {
			row.Demo = &t.org.Demo
		}
		rows = append(rows, row)
	}
	return data(http.StatusOK, map[string]any{"organizations": rows})
}

// standing are the organisations that are not deleted, oldest first.
func (s *System) standing() []*tenant {
	standing := slices.DeleteFunc(slices.Clone(s.tenants), func(t *tenant) bool { return t.org.Deleted })
	slices.SortStableFunc(standing, func(a, b *tenant) int { return a.org.CreatedAt.Compare(b.org.CreatedAt) })
	return standing
}

// listing answers GET organizations/listing. It was made for a tenant's host:
// on the API's own host there is no current organisation and it crashes.
func (s *System) listing(c *call) reply {
	current := s.schemas[subdomain(c.Host)]
	if current == nil || current.crashes() {
		return crash(c.Request)
	}
	disabled := map[string]bool{"disabled": true}
	var rows [][]any
	for _, t := range s.standing() {
		if t != current && !t.org.Demo && !slices.Contains([]string{"cwd", "myan", "rok", "shared", "my", "tutorials", "cifcp"}, t.org.ShortName) {
			rows = append(rows, []any{t.org.FullName, t.org.ShortName})
		}
	}
	rows = append(rows, []any{"I don't see the NGO I'm looking for...", "external referral", disabled})
	if current.org.Integrated {
		rows = append(rows, []any{government, government, disabled})
	}
	return data(http.StatusOK, map[string]any{"organizations": rows})
}

// government is the external system's name that OSCaR's pages are written with.
const government = "MoSVY External System"

// checkDuplication answers GET clients/check_duplication, more simply than OSCaR:
// exact names stand for its similarity, the rest is §5.4.
func (s *System) checkDuplication(c *call) reply {
	query := c.URL.Query()
	gates := []string{"given_name", "family_name", "local_given_name", "local_family_name", "date_of_birth", "address_current_village_code", "birth_province_id"}
	if !slices.ContainsFunc(gates, query.Has) {
		return crash(c.Request) // nothing is rendered
	}
	asked := likeness{place: query.Get("address_current_village_code")}
	for _, name := range gates[:4] {
		asked.names = append(asked.names, query.Get(name))
	}
	if text := query.Get("date_of_birth"); text != "" {
		var ok bool
		if asked.birth, ok = parseTime(text, time.UTC); !ok {
			return crash(c.Request)
		}
	}
	if n := len(asked.place); n > 2 && (n > 8 || n%2 == 1 || !known(asked.place)) {
		return crash(c.Request)
	}
	text := "Record was not found"
	for _, t := range s.tenants {
		if slices.ContainsFunc(t.clients, asked.fits) {
			text = "Record was Found"
		}
	}
	return data(http.StatusOK, map[string]string{"similar_fields": text})
}

// likeness is what check_duplication compares every child with.
type likeness struct {
	names []string // given, family, and both local ones; "" is not compared
	birth time.Time
	place string
}

// fits: no given name differs, the birth is not far off, and something agrees.
func (l likeness) fits(c *client) bool {
	agrees := false
	for i, own := range []null{c.given, c.family, c.localGiven, c.localFamily} {
		if l.names[i] == "" || own.blank() {
			continue
		}
		if own.text != l.names[i] {
			return false
		}
		agrees = true
	}
	if born, err := time.Parse(time.DateOnly, c.birth.text); err == nil && !l.birth.IsZero() {
		days := born.Sub(l.birth).Abs().Hours() / 24
		if days > 50 && days <= 200 { // half a per cent a day, at least 75 wanted; over 200 days is not compared
			return false
		}
		agrees = agrees || days <= 50
	}
	return agrees || len(l.place) >= 2 && c.address.province == l.place[:2]
}
