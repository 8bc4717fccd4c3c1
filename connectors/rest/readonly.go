package rest

import (
	"context"
	"errors"
	"net/http"

	"github.com/casebridge/casebridge/engine"
)

// signInKey marks a context; see SignIn.
type signInKey struct{}

// SignIn marks the requests of ctx as a sign-in: the only ones that are not GET and yet
// pass a ReadOnly transport. Only the code that signs in may use it.
func SignIn(ctx context.Context) context.Context { return context.WithValue(ctx, signInKey{}, true) }

// readOnly lets only reading through.
type readOnly struct{ next http.RoundTripper }

// ReadOnly returns a transport that refuses every request that is not a GET, except a sign-in.
// A refused request never leaves. With next nil, the Client puts its own transport behind it.
func ReadOnly(next http.RoundTripper) http.RoundTripper { return &readOnly{next: next} }

// RoundTrip implements http.RoundTripper.
func (t *readOnly) RoundTrip(req *http.Request) (*http.Response, error) {
	signIn, _ := req.Context().Value(signInKey{}).(bool)
	if req.Method == http.MethodGet || signIn {
		return t.next.RoundTrip(req)
	}
	if req.Body != nil {
		_ = req.Body.Close()
	}
	return nil, Unsent(engine.Fault{Kind: engine.Environment, Op: "write", Err: errors.New("a plan issues no write")})
}

// CloseIdleConnections passes Client.Close on.
func (t *readOnly) CloseIdleConnections() {
	if next, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}
