package sim

import (
	"fmt"
	"net/http"

	"github.com/tidwall/gjson"
)

// rows reads {"data":[...]}; nothing in it, or a bare list, crashes both
// endpoints that take it (§5.1, §5.2).
func (c *call) rows() ([]gjson.Result, bool) {
	if !c.params.IsObject() || !c.params.Get("data").IsArray() {
		return nil, false
	}
	rows := c.params.Get("data").Array()
	return rows, len(rows) > 0
}

// updateLinks answers PUT clients/update_links: the ids of every client of the
// identity are set, in all its organisations, without a stamp (§5.1).
func (s *System) updateLinks(c *call) reply {
	rows, ok := c.rows()
	if !ok {
		return crash(c.Request)
	}
	links := map[string]gjson.Result{} // the last row of a global id wins
	var ids []*identity
	for _, row := range rows {
		id := scalar(row.Get("global_id")).text
		if _, seen := links[id]; !seen && s.identities[id] != nil {
			ids = append(ids, s.identities[id])
		}
		links[id] = row
	}
	for _, t := range organisations(ids) {
		if t.org.Deleted {
			return s.recordNotFound()
		}
		if !s.linkTenant(t, ids, links) {
			return crash(c.Request)
		}
	}
	return data(http.StatusOK, message{"Record saved."})
}

// organisations are those that hold one of the identities, as first met.
func organisations(ids []*identity) []*tenant {
	var tenants []*tenant
	seen := map[*tenant]bool{}
	for _, id := range ids {
		for _, h := range id.homes {
			if !seen[h.tenant] {
				seen[h.tenant] = true
				tenants = append(tenants, h.tenant)
			}
		}
	}
	return tenants
}

func (s *System) linkTenant(t *tenant, ids []*identity, links map[string]gjson.Result) bool {
	for _, id := range ids {
		for _, h := range id.homes {
			if h.tenant != t || h.client.archived {
				continue
			}
			row, ok := links[h.client.globalID.text]
			if !ok {
				return false // the client has another global id than its link row
			}
			h.client.externalID = scalar(row.Get("external_id"))
			h.client.display = scalar(row.Get("external_id_display"))
			h.client.synced = s.today()
		}
	}
	return true
}

type statusError struct {
	Error   string `json:"error"`
	Message string `json:"message"`
}

// updateStatuses answers PUT referrals/update_statuses: row by row, earlier rows
// stay when a later one fails (§5.2).
func (s *System) updateStatuses(c *call) reply {
	rows, ok := c.rows()
	if !ok {
		return crash(c.Request)
	}
	for _, row := range rows {
		t, r, problem := s.referralOf(row)
		if problem != "" {
			return data(http.StatusUnprocessableEntity, statusError{problem, recordError})
		}
		next := *r
		next.status = scalar(row.Get("referral_status")).text
		if errors := t.check(&next); len(errors) > 0 {
			return data(http.StatusUnprocessableEntity, statusError{"Validation failed", recordError})
		}
		if s.switches.HeadCrash {
			return crash(c.Request)
		}
		s.setStatus(r, next.status)
	}
	return data(http.StatusOK, message{"Record saved."})
}

// referralOf goes to the tenant of the identity's first link row and takes the
// referral of that number there, whoever's it is.
func (s *System) referralOf(row gjson.Result) (*tenant, *referral, string) {
	id := s.identities[scalar(row.Get("client_global_id")).text]
	if id == nil || len(id.homes) == 0 {
		return nil, nil, "The child has no organisation"
	}
	t := id.homes[0].tenant
	number := integer(scalar(row.Get("referral_id")))
	r := t.referral(number)
	if r == nil {
		return nil, nil, fmt.Sprintf("Couldn't find Referral with 'id'=%d", number)
	}
	return t, r, ""
}

// setStatus saves a referral's status with its callbacks: the client is touched,
// so it is listed again.
func (s *System) setStatus(r *referral, status string) {
	now := s.stamp()
	if r.status != status {
		r.status, r.updated = status, now
	}
	if c := r.taken(); c != nil {
		c.updated = now
	}
}
