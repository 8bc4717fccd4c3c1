package sim

import (
	"net/http"
	"strings"
)

// route is one line of the routing table.
type route struct {
	methods string
	pattern string // "*" leaves a segment open
	do      func(*System, call) answer
	open    func(*System, *http.Request, map[string]any) answer // needs nobody signed in
}

func routes() []route {
	return []route{
		{methods: "GET", pattern: "cases", do: listCases},
		{methods: "POST", pattern: "cases", do: createCase},
		{methods: "GET", pattern: "cases/*", do: showCase},
		{methods: "PATCH PUT", pattern: "cases/*", do: updateCase},
		{methods: "DELETE", pattern: "cases/*", do: disableCase},
		{methods: "GET", pattern: "cases/*/referrals", do: listReferrals},
		{methods: "GET", pattern: "cases/*/transitions", do: listReferrals},
		{methods: "POST", pattern: "cases/*/referrals", do: createReferral},
		{methods: "PATCH PUT", pattern: "cases/*/referrals/*", do: updateReferral},
		{methods: "DELETE", pattern: "cases/*/referrals/*", do: revokeReferral},
		{methods: "POST", pattern: "tokens", open: (*System).signIn},
		{methods: "DELETE", pattern: "tokens", open: func(s *System, r *http.Request, _ map[string]any) answer { return s.signOut(r) }},
		{methods: "GET", pattern: "primero", open: aboutServer},
		{methods: "GET", pattern: "identity_providers", open: aboutProviders},
		{methods: "GET", pattern: "users", do: listUsers},
		{methods: "GET", pattern: "users/*", do: showUser},
		{methods: "GET", pattern: "agencies", do: listAgencies},
		{methods: "GET", pattern: "lookups", do: listLookups},
		{methods: "GET", pattern: "locations", do: listLocations},
		{methods: "GET", pattern: "forms", do: listForms},
		{methods: "GET", pattern: "system_settings", do: showSettings},
	}
}

// find returns the route of a request and its open segments, nil without one.
func find(r *http.Request) (*route, []string) {
	path, ok := strings.CutPrefix(r.URL.Path, "/api/v2/")
	if !ok {
		return nil, nil
	}
	parts := strings.Split(path, "/")
	for _, candidate := range routes() {
		if !strings.Contains(" "+candidate.methods+" ", " "+r.Method+" ") {
			continue
		}
		if open, ok := fit(strings.Split(candidate.pattern, "/"), parts); ok {
			return &candidate, open
		}
	}
	return nil, nil
}

func fit(pattern, parts []string) (open []string, ok bool) {
	if len(pattern) != len(parts) {
		return nil, false
	}
	for i, p := range pattern {
		switch {
		case p == "*" && parts[i] != "":
			open = append(open, parts[i])
		case p != parts[i]:
			return nil, false
		}
	}
	return open, true
}
