package primero

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

// maxSetup bounds, in bytes, one page of reference data: a thousand lookups, or all forms of a country.
const maxSetup = 64 << 20

// Describe implements engine.Describer (§7): forms and lookups, which everybody may read, then the
// users, agencies and locations that are asked for, and what the role of this account may do.
func (c *connection) Describe(ctx context.Context, names []string) (engine.Description, error) {
	d := describing{api: c.api}
	for _, part := range []func(context.Context) error{d.readRights, d.readForms, d.readLookups} {
		if err := part(ctx); err != nil {
			return engine.Description{}, err
		}
	}
	for _, name := range names {
		if err := d.readNames(ctx, name); err != nil {
			return engine.Description{}, err
		}
	}
	return d.out, nil
}

// describing is one description under way.
type describing struct {
	api       *api
	permitted map[string]access // forms of the account's role; nil: not known
	out       engine.Description
}

// barred notes a part that the account may not read. Any other error is returned.
func (d *describing) barred(err error, what, names string) error {
	var f *engine.Fault
	if !errors.As(err, &f) || f.Status != http.StatusForbidden {
		return err
	}
	d.out.Unread = append(d.out.Unread, engine.Unread{What: what, Names: names, Fault: f})
	return nil
}

// eachItem asks for every page of a list and calls take for each item. Primero counts the total
// of a group's users too high (§7), so a page that brings nothing ends the list as well.
func (d *describing) eachItem(ctx context.Context, op, path, query string, take func(gjson.Result)) error {
	for number, seen := 1, 0; ; number++ {
		answer, err := d.api.door.do(ctx, rest.Request{Op: op, Path: path, MaxBody: maxSetup,
			Query: query + "&per=" + strconv.Itoa(maxPer) + "&page=" + strconv.Itoa(number)})
		if err != nil {
			return err
		}
		whole := gjson.ParseBytes(answer.Body)
		items, total := whole.Get("data"), whole.Get("metadata.total")
		if !items.IsArray() || total.Type != gjson.Number {
			return &engine.Fault{Kind: engine.Transient, Op: op, Err: errShape}
		}
		got := 0
		items.ForEach(func(_, item gjson.Result) bool {
			take(item)
			got++
			return true
		})
		if seen += got; got == 0 || seen >= int(total.Int()) {
			return nil
		}
	}
}

// readNames reads one list of names, "user.user_name".
func (d *describing) readNames(ctx context.Context, name string) error {
	list := engine.SetNames{}
	list.Object, list.Field, _ = strings.Cut(name, ".")
	take := func(item gjson.Result) {
		if code := item.Get(list.Field).String(); code != "" {
			list.Codes = append(list.Codes, engine.SetCode{Code: code, Disabled: item.Get("disabled").Bool()})
		}
	}
	var what string
	var err error
	switch name {
	case users + ".user_name":
		what, err = "users", d.eachItem(ctx, "read users", "/api/v2/users", "order_by=user_name", take)
	case agencies + ".unique_id":
		what, err = "agencies", d.readAgencies(ctx, take)
	case locations + ".code":
		what, err = "locations", d.eachItem(ctx, "read locations", "/api/v2/locations", "order_by=code", take)
	default:
		return nil
	}
	if err != nil {
		return d.barred(err, what, name)
	}
	d.out.Names = append(d.out.Names, list)
	return nil
}

// readAgencies asks for the agencies; a role that may not list them reads them in the settings (§7).
func (d *describing) readAgencies(ctx context.Context, take func(gjson.Result)) error {
	err := d.eachItem(ctx, "read agencies", "/api/v2/agencies", "order_by=unique_id", take)
	var f *engine.Fault
	if !errors.As(err, &f) || f.Status != http.StatusForbidden {
		return err
	}
	answer, err := d.api.door.do(ctx, rest.Request{Op: "read agencies", Path: "/api/v2/system_settings", Query: "extended=true", MaxBody: maxSetup})
	if err != nil {
		return err
	}
	list := gjson.GetBytes(answer.Body, "data.agencies")
	if !list.IsArray() {
		return f
	}
	list.ForEach(func(_, item gjson.Result) bool {
		take(item)
		return true
	})
	return nil
}

// readRights reads what the account itself may do: no address says "me", so it is found by its name first.
func (d *describing) readRights(ctx context.Context) error {
	var own gjson.Result
	err := d.eachItem(ctx, "read rights", "/api/v2/users", "user_name="+url.QueryEscape(d.api.door.user), func(item gjson.Result) {
		if item.Get("user_name").String() == d.api.door.user {
			own = item.Get("id")
		}
	})
	if err != nil {
		return d.barred(err, "the rights of this connection's user", "")
	}
	if own.Raw == "" {
		d.untold("the rights of this connection's user", "look at its role by hand: the role does not let it see its own account")
		return nil
	}
	answer, err := d.api.door.do(ctx, rest.Request{Op: "read rights", Path: "/api/v2/users/{id}", Args: []string{own.String()}, Query: "extended=true", MaxBody: maxSetup})
	if err != nil {
		return d.barred(err, "the rights of this connection's user", "")
	}
	d.takeRights(gjson.GetBytes(answer.Body, "data"))
	return nil
}

// access is what a role may do with a form.
type access int

const (
	barred    access = iota // it does not have the form
	readOnly                // "r"
	readWrite               // "rw"
)

// untold notes a part that the answer, which was no refusal, does not hold.
func (d *describing) untold(what, next string) {
	d.out.Unread = append(d.out.Unread, engine.Unread{What: what, Fault: &engine.Fault{Kind: engine.Auth, Op: "read rights", Next: next}})
}

// takeRights reads `permissions.list`, `permitted_form` and whose cases the account sees; what is not there is not
// known (§1.5, app/views/api/v2/users/_user.json.jbuilder). A case that it does not see looks as if it were not
// there, and would be made again.
func (d *describing) takeRights(user gjson.Result) {
	if scope := user.Get("role_group_permission"); scope.Exists() && scope.Str != "all" {
		d.untold("the cases of other users", "give the role of this connection's user access to all cases: one that it does not see looks as if it were not there")
	}
	list := user.Get("permissions.list")
	if list.IsArray() {
		d.out.Rights = append(d.out.Rights, caseRights(list))
	}
	forms := user.Get("permitted_form")
	if !forms.IsObject() {
		d.untold("the right to change forms", "look at the forms of its role by hand: this Primero does not tell them")
		return
	}
	d.permitted = map[string]access{}
	forms.ForEach(func(name, level gjson.Result) bool {
		d.permitted[name.String()] = readOnly
		if level.String() == "rw" {
			d.permitted[name.String()] = readWrite
		}
		return true
	})
}

// caseRights are the actions on cases as verbs: write covers reading and updating, manage is everything.
func caseRights(list gjson.Result) engine.SetRights {
	may := map[string]bool{}
	list.ForEach(func(_, entry gjson.Result) bool {
		if entry.Get("resource").String() == "cases" {
			entry.Get("actions").ForEach(func(_, action gjson.Result) bool {
				may[action.String()] = true
				return true
			})
		}
		return true
	})
	rights := engine.SetRights{Object: cases, Read: may["read"] || may["write"] || may["manage"]}
	if may["create"] || may["manage"] {
		rights.Verbs = append(rights.Verbs, engine.CreateVerb)
	}
	if may["write"] || may["manage"] {
		rights.Verbs = append(rights.Verbs, engine.UpdateVerb)
	}
	return rights
}

// readLookups reads every list of options.
func (d *describing) readLookups(ctx context.Context) error {
	return d.eachItem(ctx, "read lookups", "/api/v2/lookups", "order_by=unique_id", func(item gjson.Result) {
		d.out.Lists = append(d.out.Lists, engine.SetList{Name: item.Get("unique_id").String(), Codes: options(item.Get("values"))})
	})
}

func options(values gjson.Result) []engine.SetCode {
	var codes []engine.SetCode
	values.ForEach(func(_, v gjson.Result) bool {
		codes = append(codes, engine.SetCode{Code: v.Get("id").String(), Label: v.Get("display_text.en").String(), Disabled: v.Get("disabled").Bool()})
		return true
	})
	return codes
}
