package sim

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// lifespan of a token, from its sign-in; it does not slide (§2.2).
const lifespan = 7 * 24 * time.Hour

// session is one device's token.
type session struct {
	token, client, uid string
	expiry             time.Time
}

// header are the token headers; OSCaR never rotates the token.
func (t session) header() http.Header {
	h := http.Header{}
	h.Set("access-token", t.token)
	h.Set("token-type", "Bearer")
	h.Set("client", t.client)
	h.Set("expiry", strconv.FormatInt(t.expiry.Unix(), 10))
	h.Set("uid", t.uid)
	return h
}

type failure struct {
	Success bool     `json:"success"`
	Errors  []string `json:"errors"`
}

// account is the AdminUser as sign_in and validate_token show it.
type account struct {
	ID        int     `json:"id"`
	Email     string  `json:"email"`
	Token     *string `json:"token"`
	FirstName string  `json:"first_name"`
	LastName  string  `json:"last_name"`
	Provider  string  `json:"provider"`
	UID       string  `json:"uid"`
	Role      string  `json:"role"`
}

func (s *System) account() account {
	uid := s.uid()
	return account{ID: 1, Email: uid, FirstName: "Interop", LastName: "Account", Provider: "email", UID: uid, Role: "viewer"}
}

func (s *System) uid() string { return strings.ToLower(s.admin.Email) }

// signIn answers POST sign_in; JSON, form and query are all read (§2.1).
func (s *System) signIn(c *call) reply {
	email, password := c.params.Get("email"), c.params.Get("password")
	if email.Exists() && email.Value() == nil {
		return crash(c.Request)
	}
	given := func(json, name string) string {
		if json != "" {
			return json
		}
		return c.FormValue(name)
	}
	uid := strings.ToLower(strings.TrimSpace(given(email.String(), "email")))
	if uid != s.uid() || given(password.String(), "password") != s.admin.Password {
		return data(http.StatusUnauthorized, failure{Errors: []string{"Invalid login credentials. Please try again."}})
	}
	t := session{token: s.secret(), client: s.secret(), uid: uid, expiry: s.now().Add(lifespan)}
	s.tokens[t.client] = t
	answer := data(http.StatusOK, struct {
		Data account `json:"data"`
	}{s.account()})
	answer.header = t.header()
	return answer
}

func signInByGet(*call) reply {
	return data(http.StatusMethodNotAllowed, failure{Errors: []string{"Use POST /sign_in to sign in. GET is not supported."}})
}

func (s *System) validateToken(c *call) reply {
	t, ok := s.session(c.Request)
	if !ok {
		return data(http.StatusUnauthorized, failure{Errors: []string{"Invalid login credentials"}})
	}
	answer := data(http.StatusOK, struct {
		Success bool    `json:"success"`
		Data    account `json:"data"`
	}{true, s.account()})
	answer.header = t.header()
	return answer
}

func (s *System) signOut(c *call) reply {
	t, ok := s.session(c.Request)
	if !ok {
		return data(http.StatusNotFound, failure{Errors: []string{"User was not found or was not logged in."}})
	}
	delete(s.tokens, t.client)
	return data(http.StatusOK, struct {
		Success bool `json:"success"`
	}{true})
}

// session reads the three token headers, or the query parameters of the same
// names; the uid must match exactly.
func (s *System) session(r *http.Request) (session, bool) {
	part := func(name string) string {
		if value := r.Header.Get(name); value != "" {
			return value
		}
		return r.URL.Query().Get(name)
	}
	t, ok := s.tokens[part("client")]
	ok = ok && t.token == part("access-token") && t.uid == part("uid") && s.now().Before(t.expiry)
	return t, ok
}

func unauthenticated() reply {
	return data(http.StatusUnauthorized, struct {
		Errors []string `json:"errors"`
	}{[]string{"You need to sign in or sign up before continuing."}})
}

func (s *System) secret() string {
	text := make([]byte, 22)
	for i := range text {
		text[i] = crockford[s.secrets.IntN(32)]
	}
	return string(text)
}

// ExpireTokens ends every session, as a week does.
func (s *System) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}
