package sim

import (
	"fmt"
	"slices"
	"time"
)

// setup is what administrators have switched off since the system was made.
type setup struct {
	disabled map[string]bool // "list code": options that cannot be chosen any more
	hidden   map[string]bool // form fields and columns, by name
}

// AddOption adds a code to a list of options.
func (s *System) AddOption(list, code string) error {
	return s.act(func(time.Time) error {
		s.codes[list] = append(s.codes[list], code)
		return nil
	})
}

// RemoveOption takes a code out of a list.
func (s *System) RemoveOption(list, code string) error {
	return s.act(func(time.Time) error {
		i := slices.Index(s.codes[list], code)
		if i < 0 {
			return fmt.Errorf("sim: no option %s in %s", code, list)
		}
		s.codes[list] = slices.Delete(s.codes[list], i, i+1)
		return nil
	})
}

// DisableOption keeps a code in its list, where nobody can choose it any more.
func (s *System) DisableOption(list, code string) error {
	return s.act(func(time.Time) error {
		s.setup.disabled[list+" "+code] = true
		return nil
	})
}

// HideField takes a field, or a column of rows, out of everybody's sight.
func (s *System) HideField(name string) error {
	return s.act(func(time.Time) error {
		s.setup.hidden[name] = true
		return nil
	})
}

// RemoveUser deletes an account.
func (s *System) RemoveUser(userName string) error {
	return s.act(func(time.Time) error {
		n := len(s.users)
		if s.users = slices.DeleteFunc(s.users, func(u *account) bool { return u.UserName == userName }); len(s.users) == n {
			return fmt.Errorf("sim: no user %s", userName)
		}
		return nil
	})
}

// RemoveAgency deletes an agency.
func (s *System) RemoveAgency(uniqueID string) error {
	return s.act(func(time.Time) error {
		n := len(s.agencies)
		if s.agencies = slices.DeleteFunc(s.agencies, func(a Agency) bool { return a.UniqueID == uniqueID }); len(s.agencies) == n {
			return fmt.Errorf("sim: no agency %s", uniqueID)
		}
		return nil
	})
}

// DisableAgency takes an agency out of use.
func (s *System) DisableAgency(uniqueID string) error {
	return s.act(func(time.Time) error {
		i := slices.IndexFunc(s.agencies, func(a Agency) bool { return a.UniqueID == uniqueID })
		if i < 0 {
			return fmt.Errorf("sim: no agency %s", uniqueID)
		}
		s.agencies[i].Disabled = true
		return nil
	})
}

// Permit leaves a user's role these actions and no others; see Role.Permissions.
func (s *System) Permit(userName string, actions ...string) error {
	return s.act(func(time.Time) error {
		u := s.user(userName)
		if u == nil {
			return fmt.Errorf("sim: no user %s", userName)
		}
		u.Role.Permissions = slices.Concat([]string{}, actions)
		return nil
	})
}
