package sim

import (
	"slices"
	"strconv"
	"strings"
)

// User is somebody with an account.
type User struct {
	UserName string // lower-case, as Primero stores it
	FullName string
	Password string // "" means that the account cannot sign in
	Email    string
	Phone    string
	Agency   string   // unique_id of an Agency
	Groups   []string // unique_ids of user groups
	Role     Role
	Disabled bool
}

// Role says what a user may do (§1.5).
type Role struct {
	UniqueID    string   // "" becomes role- and the user's name
	Scope       string   // all, agency, group, self, identified or admin_only; "" means self
	ReadFields  []string // case fields on the role's forms; nil: all form fields
	WriteFields []string // case fields on its rw forms; nil: as ReadFields
	Permissions []string // case actions, and user:read, agency:read, metadata; nil: everything
}

// Agency is an organization that users belong to.
type Agency struct {
	UniqueID string // "agency-a"
	Name     string
	Disabled bool
}

// Location is one place of the location hierarchy.
type Location struct {
	Code     string
	Name     string
	Type     string // "province", "village"
	Parent   string // code of the place around it; "" at the top
	Disabled bool
}

// account is a User with what the server adds.
type account struct {
	User
	id int
}

func newAccounts(users []User) []*account {
	all := make([]*account, len(users))
	for i, u := range users {
		if u.Role.UniqueID == "" {
			u.Role.UniqueID = "role-" + u.UserName
		}
		if u.Role.Scope == "" {
			u.Role.Scope = "self"
		}
		all[i] = &account{User: u, id: i + 1}
	}
	return all
}

// user returns the account of exactly that name, or nil.
func (s *System) user(name string) *account {
	for _, u := range s.users {
		if u.UserName == name {
			return u
		}
	}
	return nil
}

// may says whether the role has the action; manage is every case action.
func (u *account) may(action string) bool {
	p := u.Role.Permissions
	return p == nil || slices.Contains(p, action) || slices.Contains(p, "manage") && !strings.Contains(action, ":")
}

// reaches says whether a case is in the user's scope (§1.5).
func (u *account) reaches(rec *record) bool {
	switch u.Role.Scope {
	case "all":
		return true
	case "agency":
		return slices.Contains(rec.agencies, u.Agency)
	case "group":
		if len(u.Groups) > 0 {
			return slices.ContainsFunc(rec.groups, func(g string) bool { return slices.Contains(u.Groups, g) })
		}
	case "identified":
		return rec.doc.text("identified_by") == u.UserName
	}
	return slices.Contains(rec.names, u.UserName)
}

// version is a dotted release number.
type version struct {
	text  string
	parts []int
}

func parseVersion(text string) version {
	v := version{text: text}
	for part := range strings.SplitSeq(text, ".") {
		n, _ := strconv.Atoi(part) // a part that is no number counts as 0
		v.parts = append(v.parts, n)
	}
	return v
}

// from says whether this release is the given one or a later one.
func (v version) from(parts ...int) bool { return slices.Compare(v.parts, parts) >= 0 }
