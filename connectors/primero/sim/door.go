package sim

import (
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"
	"time"
)

// door knows who is signed in and who is locked out.
type door struct {
	mu       sync.Mutex
	tries    map[string]*attempts
	logins   map[string][]time.Time // per user name, for the throttle
	sessions map[string]*session    // by cookie value
	tokens   map[string]token       // ≤2.10
}

type attempts struct {
	failed int
	until  time.Time // locked until
}

// session is one row of the session table; user is "" before the login.
type session struct {
	user string
	csrf string // "" when none was minted since the login
	seen time.Time
}

type token struct {
	user  string
	until time.Time
}

const (
	lockAfter   = 6
	lockFor     = 30 * time.Minute
	idleAfter   = time.Hour
	loginsLimit = 6
	loginsIn    = time.Minute
)

func newDoor() door {
	return door{tries: map[string]*attempts{}, logins: map[string][]time.Time{}, sessions: map[string]*session{}, tokens: map[string]token{}}
}

// admit tells who sends a request: a session cookie wins over a token, which
// wins over Basic (§1). A refusal is the answer to give.
func (s *System) admit(r *http.Request) (*account, *answer) {
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	if u, refusal, decided := s.bySession(r); decided {
		return u, refusal
	}
	if u := s.byToken(r); u != nil {
		return u, nil
	}
	if name, password, ok := r.BasicAuth(); ok {
		if u := s.verify(name, password); u != nil {
			return u, nil
		}
		return nil, refusal("Invalid User name or password.")
	}
	return nil, refusal("You need to sign in or sign up before continuing.")
}

func refusal(text string) *answer {
	a := unauthorized(text)
	return &a
}

// verify checks a password and counts the failures; the same nil for unknown,
// wrong, locked and disabled. The caller holds the door.
func (s *System) verify(name, password string) *account {
	u := s.user(name)
	if u == nil || u.Password == "" {
		return nil
	}
	now := s.now()
	t := s.door.tries[name]
	if t == nil {
		t = &attempts{}
		s.door.tries[name] = t
	}
	if t.failed >= lockAfter && !now.Before(t.until) {
		t.failed = 0
	}
	if t.failed >= lockAfter {
		return nil
	}
	if subtle.ConstantTimeCompare([]byte(u.Password), []byte(password)) == 0 {
		t.failed++
		t.until = now.Add(lockFor)
		return nil
	}
	if u.Disabled {
		return nil
	}
	t.failed = 0
	return u
}

// byToken accepts the bearer token that versions up to 2.10 hand out.
func (s *System) byToken(r *http.Request) *account {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || s.version.from(2, 11) {
		return nil
	}
	t, ok := s.door.tokens[text]
	if !ok || !s.now().Before(t.until) {
		return nil
	}
	return s.enabled(t.user)
}

func (s *System) enabled(name string) *account {
	if u := s.user(name); u != nil && !u.Disabled {
		return u
	}
	return nil
}

// bySession accepts a session cookie; a write with one needs the session's
// current CSRF token, whatever other credentials come along.
func (s *System) bySession(r *http.Request) (*account, *answer, bool) {
	row := s.sessionOf(r)
	if row == nil || row.user == "" {
		return nil, nil, false
	}
	if s.now().Sub(row.seen) > idleAfter {
		return nil, refusal("Your session expired. Please sign in again to continue."), true
	}
	u := s.enabled(row.user)
	if u == nil {
		return nil, refusal("Invalid User name or password."), true
	}
	if isWrite(r.Method) && !row.proves(r) {
		a := refuse(r, http.StatusForbidden, "Can't verify CSRF token authenticity.", nil)
		return nil, &a, true
	}
	row.seen = s.now()
	return u, nil, true
}

func (row *session) proves(r *http.Request) bool {
	return row.csrf != "" && r.Header.Get("X-CSRF-Token") == row.csrf
}

func (s *System) sessionOf(r *http.Request) *session {
	if !s.version.from(2, 11) {
		return nil
	}
	c, err := r.Cookie("_app_session")
	if err != nil {
		return nil
	}
	return s.door.sessions[c.Value]
}

func isWrite(method string) bool { return method != http.MethodGet }
