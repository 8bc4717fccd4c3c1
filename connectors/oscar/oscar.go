// Package oscar reads and writes OSCaR, the case system of NGOs, through its
// interoperability API: clients are listed, referrals, decisions and links are
// handed over. It knows endpoints, sign-in and what to distrust; it knows no flow,
// no map and no other system. It cannot fetch one client, cannot delete, and does
// not remember what was sent: that is the store's work.
//
// Section numbers in comments (§6.4) are of the fact sheet on OSCaR's API that is kept
// with the integration's requirements. It was read from oscar-web's source: §2 signing
// in (base_api_controller.rb, devise_token_auth); §4 and §5 what is sent and §6 what is
// listed (app/controllers/api/v1/organizations_controller.rb,
// app/models/referral.rb, app/serializers); §7 enumerations; §8 services; §9 places.
package oscar

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

// The endpoints that are used (§2, §4 to §6).
const (
	signInPath    = "/api/v1/admin_auth/sign_in"
	validatePath  = "/api/v1/admin_auth/validate_token"
	indexPath     = "/api/v1/organizations"
	clientsPath   = "/api/v1/organizations/clients"
	upsertPath    = "/api/v1/organizations/clients/upsert"
	linksPath     = "/api/v1/organizations/clients/update_links"
	decisionsPath = "/api/v1/organizations/referrals/update_statuses"
)

var (
	errNotOSCaR   = errors.New("the answer is not what OSCaR gives")
	errNotRead    = errors.New("this object cannot be read")
	errNotWritten = errors.New("this object cannot be written")
	errNoLookup   = errors.New("OSCaR has no way to look up one client")
)

// Driver connects to OSCaR.
type Driver struct{}

// Name implements engine.Driver.
func (Driver) Name() string { return "oscar" }

// Settings implements engine.Driver.
func (Driver) Settings() []engine.Setting {
	return append(rest.Settings("4", "0", "60s"),
		engine.Setting{Name: "email", Note: "of the interoperability account", Required: true},
		engine.Setting{Name: "password", Note: "of the interoperability account", Secret: true, Required: true},
		engine.Setting{Name: "list_timeout", Note: "longest wait for the list of clients, which has no pages", Default: "10m"},
		engine.Setting{Name: "max_record", Note: "largest client in bytes", Default: "1048576"},
		engine.Setting{Name: "max_list", Note: "largest list of clients in bytes; so much room may be needed in the temporary folder", Default: "4294967296"},
	)
}

// Open implements engine.Driver. It does not talk to OSCaR.
func (d Driver) Open(o engine.Opening) (engine.Connection, error) {
	known := d.Settings()
	options, err := rest.From(o, known)
	if err != nil {
		return nil, err
	}
	s := rest.WithDefaults(o.Settings, known)
	listTimeout, err := rest.Span(s, "list_timeout", time.Second, 24*time.Hour)
	if err != nil {
		return nil, err
	}
	limits, err := sizes(s)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"email", "password"} {
		if s.Secret(name).Empty() {
			return nil, settingFault(name, "is not set")
		}
	}
	client, err := rest.New(options)
	if err != nil {
		return nil, err
	}
	return &connection{
		name: o.Connection, http: client, tempDir: o.TempDir,
		session:     newSession(client, s.Text("email"), s.Secret("password"), o.Now),
		listTimeout: listTimeout, maxRecord: int(limits[0]), maxList: limits[1],
	}, nil
}

// sizes reads max_record and max_list, in bytes; at most a terabyte.
func sizes(s engine.Settings) (limits [2]int64, err error) {
	for i, name := range []string{"max_record", "max_list"} {
		if limits[i], err = rest.Whole(s, name, 1, 1<<40); err != nil {
			return limits, err
		}
	}
	return limits, nil
}

func settingFault(name, what string) error {
	return &engine.Fault{Kind: engine.Environment, Op: "open connection", Ref: name, Err: errors.New(what)}
}

// connection is one opened OSCaR.
type connection struct {
	name        string
	http        *rest.Client
	session     *session
	listTimeout time.Duration
	maxRecord   int
	maxList     int64
	tempDir     string
	directory   directory
}

func (c *connection) Reader() engine.Reader { return reader{c} }
func (c *connection) Writer() engine.Writer { return writer{c} }
func (c *connection) Close() error          { return c.http.Close() }

// Check signs in, lets OSCaR confirm the token (a proxy may drop its headers) and asks
// for the organizations, which only the right host has.
func (c *connection) Check(ctx context.Context) error {
	if _, err := c.do(ctx, rest.Request{Op: "check sign-in", Path: validatePath}); err != nil {
		return err
	}
	names, err := c.organizations(ctx)
	if err != nil {
		return err
	}
	c.directory.mu.Lock()
	defer c.directory.mu.Unlock()
	c.directory.names = names
	return nil
}

// do sends r signed; see rest.Client.Do for what it returns.
func (c *connection) do(ctx context.Context, r rest.Request) (answer *rest.Response, err error) {
	err = c.session.with(ctx, func(header http.Header) error {
		r.Header = header
		answer, err = c.http.Do(ctx, r)
		return err
	})
	return answer, err
}

// spool sends r signed and keeps the answer on disk.
func (c *connection) spool(ctx context.Context, r rest.Request) (list *rest.Spooled, err error) {
	err = c.session.with(ctx, func(header http.Header) error {
		r.Header = header
		list, err = c.http.Spool(ctx, r, c.tempDir, c.maxList)
		return err
	})
	return list, err
}
