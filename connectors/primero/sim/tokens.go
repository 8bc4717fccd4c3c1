package sim

import (
	"net/http"
	"net/url"
	"time"
)

// signIn is POST /api/v2/tokens (§1.1).
func (s *System) signIn(r *http.Request, body map[string]any) answer {
	s.mu.Lock() // ids are made up
	defer s.mu.Unlock()
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	given, _ := body["user"].(map[string]any)
	name, _ := given["user_name"].(string)
	password, _ := given["password"].(string)
	if s.throttled(name) {
		return answer{http.StatusTooManyRequests, http.Header{"Content-Type": {"text/plain"}}, []byte("Retry later\n")}
	}
	if !s.version.from(2, 11) {
		return s.handToken(name, password)
	}
	row := s.sessionOf(r)
	if row == nil || !row.proves(r) {
		return refuse(r, http.StatusForbidden, "Can't verify CSRF token authenticity.", nil)
	}
	u := s.enabled(row.user) // a session that is valid wins over the credentials
	if u == nil || s.now().Sub(row.seen) > idleAfter {
		u = s.verify(name, password)
	}
	if u == nil {
		return unauthorized("Invalid User name or password.")
	}
	return s.openSession(r, u)
}

// throttled counts a login of the name and says whether it is one too many in a minute.
func (s *System) throttled(name string) bool {
	var recent []time.Time
	for _, at := range s.door.logins[name] {
		if s.now().Sub(at) < loginsIn {
			recent = append(recent, at)
		}
	}
	s.door.logins[name] = append(recent, s.now())
	return len(recent) >= loginsLimit
}

func (s *System) handToken(name, password string) answer {
	u := s.verify(name, password)
	if u == nil {
		return unauthorized("Invalid User name or password.")
	}
	text := s.newID() + "." + s.newID()
	s.door.tokens[text] = token{u.UserName, s.now().Add(time.Hour)}
	a := jsonAnswer(http.StatusOK, []byte(encode(map[string]any{"id": u.id, "user_name": u.UserName, "token": text})))
	a.header.Set("Authorization", "Bearer "+text)
	return a
}

// openSession rotates the session id. The CSRF token that comes with the
// answer was minted before that and is stale. Since 2.12 it ends the user's other sessions.
func (s *System) openSession(r *http.Request, u *account) answer {
	for id, row := range s.door.sessions {
		if row.user == u.UserName && s.version.from(2, 12) {
			delete(s.door.sessions, id)
		}
	}
	if c, err := r.Cookie("_app_session"); err == nil {
		delete(s.door.sessions, c.Value)
	}
	id := s.newID()
	s.door.sessions[id] = &session{user: u.UserName, seen: s.now()}
	a := jsonAnswer(http.StatusOK, []byte(encode(map[string]any{"id": u.id, "user_name": u.UserName, "group_permission": u.Role.Scope})))
	setCookies(a.header, id, s.newID())
	return a
}

// signOut is DELETE /api/v2/tokens: 200 {} also for nobody.
func (s *System) signOut(r *http.Request) answer {
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	if row := s.sessionOf(r); row != nil {
		user := row.user
		for id, other := range s.door.sessions {
			if other.user == user {
				delete(s.door.sessions, id)
			}
		}
	}
	if text := r.Header.Get("Authorization"); len(text) > len("Bearer ") {
		delete(s.door.tokens, text[len("Bearer "):])
	}
	return jsonAnswer(http.StatusOK, []byte("{}"))
}

// mint adds cookies to the answer of a read that did not come with Basic or a
// token: a session if there is none, and its CSRF token.
func (s *System) mint(r *http.Request, a *answer) {
	if !s.version.from(2, 11) || r.Method != http.MethodGet || r.Header.Get("Authorization") != "" || a.header == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	id, row := "", s.sessionOf(r)
	if c, err := r.Cookie("_app_session"); err == nil && row != nil {
		id = c.Value
	} else {
		id, row = s.newID(), &session{seen: s.now()}
		s.door.sessions[id] = row
	}
	if row.csrf == "" {
		row.csrf = s.newID() + "=="
	}
	setCookies(a.header, id, row.csrf)
}

func setCookies(h http.Header, session, csrf string) {
	h.Add("Set-Cookie", (&http.Cookie{Name: "_app_session", Value: session, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}).String())
	h.Add("Set-Cookie", (&http.Cookie{Name: "CSRF-TOKEN", Value: url.QueryEscape(csrf), Path: "/", SameSite: http.SameSiteStrictMode}).String())
}
