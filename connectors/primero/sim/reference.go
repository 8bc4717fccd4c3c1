package sim

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// listed answers one page of a reference list in the shape of §7.
func listed(q *node, items []any, per, most int, more map[string]any) answer {
	per = max(0, q.whole("per", per))
	if most > 0 {
		per = min(per, most)
	}
	page := max(1, q.whole("page", 1))
	meta := map[string]any{"total": len(items), "per": per, "page": page}
	maps.Copy(meta, more)
	start := min(len(items), (page-1)*per)
	return jsonAnswer(http.StatusOK, []byte(encode(map[string]any{
		"data": items[start:min(len(items), start+per)], "metadata": meta})))
}

func aboutServer(s *System, _ *http.Request, _ map[string]any) answer {
	return data(map[string]any{"sandbox_ui": false, "config_ui": "full", "agencies": []any{}})
}

func aboutProviders(s *System, _ *http.Request, _ map[string]any) answer {
	return jsonAnswer(http.StatusOK, []byte(`{"data":[],"metadata":{"use_identity_provider":false}}`))
}

// listUsers is GET /api/v2/users, newest first.
func listUsers(s *System, c call) answer {
	if !c.user.may("user:read") {
		return forbidden(c.Request)
	}
	q := parseParams(c.URL.RawQuery)
	items, enabled := []any{}, 0
	for _, u := range slices.Backward(s.users) {
		if !s.knows(c.user, u) || !s.asksFor(q, u) {
			continue
		}
		if !u.Disabled {
			enabled++
		}
		items = append(items, s.userItem(u))
	}
	return listed(q, items, 20, 1000, map[string]any{"total_enabled": enabled})
}

// knows says whether one user may see another.
func (s *System) knows(u, other *account) bool {
	switch u.Role.Scope {
	case "all", "admin_only":
		return true
	case "agency":
		return u.Agency == other.Agency
	case "group":
		return slices.ContainsFunc(u.Groups, func(g string) bool { return slices.Contains(other.Groups, g) })
	}
	return u == other
}

func (s *System) asksFor(q *node, u *account) bool {
	name, text := q.kid("user_name"), strings.ToLower(q.kid("query"))
	in := func(param, value string) bool { t := q.texts(param); return t == nil || slices.Contains(t, value) }
	return (name == "" || name == u.UserName) &&
		(text == "" || strings.Contains(strings.ToLower(u.UserName+"\n"+u.FullName), text)) &&
		in("disabled", strconv.FormatBool(u.Disabled)) && in("agency", strconv.Itoa(s.agencyID(u.Agency)))
}

// agencyID is the numeric id of an agency, 0 for one that is not there.
func (s *System) agencyID(unique string) int {
	return 1 + slices.IndexFunc(s.agencies, func(a Agency) bool { return a.UniqueID == unique })
}

func (s *System) userItem(u *account) map[string]any {
	item := map[string]any{
		"id": u.id, "user_name": u.UserName, "full_name": u.FullName, "disabled": u.Disabled, "locale": "en",
		"role_unique_id": u.Role.UniqueID, "role_group_permission": u.Role.Scope,
		"module_unique_ids": s.modules, "user_group_unique_ids": list(u.Groups),
	}
	optional := map[string]any{"email": orNil(u.Email), "phone": orNil(u.Phone)}
	if id := s.agencyID(u.Agency); id > 0 {
		optional["agency_id"] = id
	}
	for name, v := range optional {
		if v != nil {
			item[name] = v
		}
	}
	return item
}

// showUser is GET /api/v2/users/:id by numeric id; one's own is always allowed.
func showUser(s *System, c call) answer {
	id, err := strconv.Atoi(c.path[0])
	i := slices.IndexFunc(s.users, func(u *account) bool { return u.id == id })
	if err != nil || i < 0 {
		return missing(c.Request, "User", c.path[0])
	}
	u := s.users[i]
	if u != c.user && !(c.user.may("user:read") && s.knows(c.user, u)) {
		return forbidden(c.Request)
	}
	item := s.userItem(u)
	if parseParams(c.URL.RawQuery).kid("extended") == "true" {
		s.extend(item, u)
	}
	return data(item)
}

func (s *System) extend(item map[string]any, u *account) {
	actions := u.Role.Permissions
	if actions == nil {
		actions = []string{"manage"}
	}
	item["permissions"] = map[string]any{"list": []any{map[string]any{"resource": "cases", "actions": caseActions(actions)}}}
	item["permitted_form"] = s.permittedForms(u)
	item["filters"] = map[string]any{"cases": slices.Sorted(maps.Keys(s.filters(u)))}
}

// caseActions leaves out what is not about cases: "user:read".
func caseActions(actions []string) []string {
	return slices.DeleteFunc(slices.Clone(actions), func(a string) bool { return strings.Contains(a, ":") })
}

// listAgencies is GET /api/v2/agencies; disabled must come in brackets.
func listAgencies(s *System, c call) answer {
	if !c.user.may("agency:read") {
		return forbidden(c.Request)
	}
	q := parseParams(c.URL.RawQuery)
	if q.has("disabled") {
		return broken(c.Request, "undefined method 'values' for an instance of String")
	}
	items := []any{}
	for i, a := range s.agencies {
		if t := q.texts("disabled"); t == nil || slices.Contains(t, strconv.FormatBool(a.Disabled)) {
			items = append(items, agencyItem(i, a))
		}
	}
	return listed(q, items, 20, 1000, nil)
}

func agencyItem(i int, a Agency) map[string]any {
	return map[string]any{"id": i + 1, "unique_id": a.UniqueID, "agency_code": a.UniqueID, "order": 0,
		"name": map[string]any{"en": a.Name}, "disabled": a.Disabled, "services": []any{}}
}

// listLookups is GET /api/v2/lookups, always paged; without order_by=unique_id
// the order is nothing to rely on.
func listLookups(s *System, c call) answer {
	q := parseParams(c.URL.RawQuery)
	by := q.kid("order_by")
	if by != "" && !slices.Contains([]string{"id", "unique_id", "name", "locked"}, by) {
		return broken(c.Request, `PG::UndefinedColumn: ERROR:  column lookups.`+by+` does not exist`)
	}
	names := slices.Sorted(maps.Keys(s.codes))
	if by != "unique_id" || strings.EqualFold(q.kid("order"), "desc") {
		slices.Reverse(names)
	}
	items := make([]any, len(names))
	for i, name := range names {
		items[i] = map[string]any{"id": i + 1, "unique_id": name, "name": map[string]any{"en": name}, "locked": false, "values": s.options(name)}
	}
	return listed(q, items, 20, 1000, nil)
}

// options are the values of a lookup; only a disabled one says whether it is.
func (s *System) options(list string) []any {
	all := make([]any, len(s.codes[list]))
	for i, code := range s.codes[list] {
		option := map[string]any{"id": code, "display_text": map[string]any{"en": code}}
		if s.setup.disabled[list+" "+code] {
			option["disabled"] = true
		}
		all[i] = option
	}
	return all
}

// listLocations is GET /api/v2/locations: 100 a page, no maximum.
func listLocations(s *System, c call) answer {
	q := parseParams(c.URL.RawQuery)
	items := []any{}
	for i, place := range s.places {
		if t := q.texts("disabled"); t != nil && !slices.Contains(t, strconv.FormatBool(place.Disabled)) {
			continue
		}
		item := map[string]any{"id": i + 1, "code": place.Code, "type": place.Type, "disabled": place.Disabled,
			"name": map[string]any{"en": s.fullName(place)}}
		if q.kid("hierarchy") == "true" {
			chain := s.hierarchy(place)
			item["admin_level"], item["placename"], item["hierarchy"] = len(chain)-1, map[string]any{"en": place.Name}, chain
		}
		items = append(items, item)
	}
	return listed(q, items, 100, 0, nil)
}

func (s *System) fullName(place Location) string {
	if i := s.placeIndex(place.Parent); i >= 0 {
		return s.fullName(s.places[i]) + "::" + place.Name
	}
	return place.Name
}

func (s *System) hierarchy(place Location) []string {
	if i := s.placeIndex(place.Parent); i >= 0 {
		return append(s.hierarchy(s.places[i]), place.Code)
	}
	return []string{place.Code}
}

func (s *System) placeIndex(code string) int {
	return slices.IndexFunc(s.places, func(p Location) bool { return p.Code == code })
}

// showSettings is GET /api/v2/system_settings.
func showSettings(s *System, c call) answer {
	settings := map[string]any{
		"primero_version":     s.version.text,
		"exact_search_fields": map[string]any{"cases": identifiers()},
	}
	if parseParams(c.URL.RawQuery).kid("extended") == "true" {
		agencies, modules := make([]any, len(s.agencies)), make([]any, len(s.modules))
		for i, a := range s.agencies {
			agencies[i] = agencyItem(i, a)
		}
		for i, m := range s.modules {
			modules[i] = map[string]any{"unique_id": m, "name": m, "options": map[string]any{}}
		}
		settings["agencies"], settings["modules"] = agencies, modules
	}
	return data(settings)
}
