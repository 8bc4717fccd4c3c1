// Package primero connects to one Primero v2 server: its cases, the referrals
// of a case, and its users. It knows the API and its traps:
// filters that are ignored in silence, lists that move while they are paged,
// writes that are answered with 200 and not kept. It knows no forms of a
// country, no flows and no other system.
//
// Section numbers in comments (§2.4) are of the fact sheet on Primero's API that is
// kept with the integration's requirements. It was read from Primero's source, 2.15:
// §1 signing in; §2 the list of cases (app/services/search_filter_service.rb,
// destringify_service.rb); §3 writing a case (record_json_validator_service.rb,
// record_merge_data_hash_service.rb); §4 referrals (app/models/referral.rb,
// transition.rb); §6 errors (error_service.rb); §7 reference data; §9 times and limits.
package primero

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

const driverName = "primero"

// Driver opens connections to Primero. The zero Driver is ready.
type Driver struct{}

// Name implements engine.Driver.
func (Driver) Name() string { return driverName }

// Settings implements engine.Driver.
func (Driver) Settings() []engine.Setting {
	return append(rest.Settings("5", "40", "60s"),
		engine.Setting{Name: "user", Note: "user name", Required: true},
		engine.Setting{Name: "password", Note: "that user's password", Secret: true, Required: true},
		engine.Setting{Name: "auth", Note: `"basic", or "token" for Primero up to 2.10 where Basic is switched off`, Default: "basic"},
		engine.Setting{Name: "lock_after", Note: "refused sign-ins after which Primero locks this account; 0 for never; with Basic, as many connections as that can lock it", Default: "6"},
		engine.Setting{Name: "page", Note: "records per page, at most 1000", Default: "500"},
		engine.Setting{Name: "lag", Note: "how far behind its clock Primero is read; the overlap of a flow finds what slow transactions show late", Default: "0s"},
		engine.Setting{Name: "identifiers", Note: "fields of a case that are looked up; every plan and run first proves that each works as a filter", Default: "case_id,oscar_number"},
	)
}

// Objects implements engine.Driver.
func (Driver) Objects() []engine.Object {
	return []engine.Object{caseObject(), referralObject(), userObject(), agencyObject(), locationObject()}
}

// Open implements engine.Driver.
func (d Driver) Open(o engine.Opening) (engine.Connection, error) {
	o.Settings = rest.WithDefaults(o.Settings, d.Settings())
	options, err := rest.From(o, d.Settings())
	if err != nil {
		return nil, err
	}
	options.Base = strings.TrimSuffix(strings.TrimRight(options.Base, "/"), "/api/v2")
	options.MaxBody = 64 << 20
	door, err := newDoor(o.Settings)
	if err != nil {
		return nil, err
	}
	options.Wrap = door.guard
	client, err := rest.New(options)
	if err != nil {
		return nil, err
	}
	door.client = client
	a := &api{client: client, door: door, connection: o.Connection, now: o.Now, log: options.Log, prefix: pathOf(options.Base)}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if err := door.warn(o.Settings, a.log); err != nil {
		return nil, err
	}
	return open(a, o.Settings)
}

// open reads the settings that are Primero's own.
func open(a *api, s engine.Settings) (engine.Connection, error) {
	per, err := rest.Whole(s, "page", 1, maxPer)
	if err != nil {
		return nil, err
	}
	if a.lag, err = rest.Span(s, "lag", 0, 24*time.Hour); err != nil {
		return nil, err
	}
	a.per = int(per)
	var identifiers []string
	for name := range strings.SplitSeq(s.Text("identifiers"), ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if known := caseObject(); !slices.Contains(known.By, name) {
			return nil, &engine.Fault{Kind: engine.Environment, Op: "read settings", Ref: "identifiers",
				Err: errors.New("names a field that cases cannot be looked up by"), Next: "Choose from " + strings.Join(known.By, ", ") + "."}
		}
		identifiers = append(identifiers, name)
	}
	return &connection{api: a, identifiers: identifiers}, nil
}

// connection implements engine.Connection.
type connection struct {
	api         *api
	identifiers []string
}

func (c *connection) Reader() engine.Reader { return &reader{api: c.api} }
func (c *connection) Writer() engine.Writer {
	return &writer{api: c.api, made: &readBacks{reader: &reader{api: c.api}}}
}
func (c *connection) Close() error { return c.api.client.Close() }

// Check signs in and proves that the filters this connection relies on are neither ignored (§2.3) nor
// deaf (§2.4): each is asked for a value that no case has, and for one that a case has.
func (c *connection) Check(ctx context.Context) error {
	version, err := c.api.version(ctx)
	if err != nil {
		return err
	}
	c.api.log.LogAttrs(ctx, slog.LevelInfo, "signed in", slog.String("connection", c.api.connection), slog.String("primero", version))
	if err := c.proveIgnored(ctx); err != nil {
		return err
	}
	return c.proveFinding(ctx)
}

// farAway is a moment at which nothing has changed yet.
var farAway = time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)
