package sim

import (
	"cmp"
	"slices"
)

const (
	crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	ulidEpoch = 1577836800000 // 2020-01-01, in milliseconds: ULIDs depend on the seed, not on the clock
)

// identity is a row of global_identities with its link rows.
type identity struct {
	ulid  string
	order int64
	homes []home // in the order in which they were linked
}

// home is a row of global_identity_organizations.
type home struct {
	tenant *tenant
	client *client
}

// mint makes a global identity.
func (s *System) mint() *identity {
	s.minted++
	var ulid [26]byte
	for i, ms := 9, uint64(ulidEpoch+s.minted); i >= 0; i, ms = i-1, ms/32 {
		ulid[i] = crockford[ms%32]
	}
	for i := 10; i < len(ulid); i++ {
		ulid[i] = crockford[s.ids.IntN(32)]
	}
	id := &identity{ulid: string(ulid[:]), order: s.minted}
	s.identities[id.ulid] = id
	return id
}

// link records that a tenant has a client of this identity.
func (id *identity) link(t *tenant, c *client) {
	id.homes = append(id.homes, home{t, c})
}

// lowest is the home in the first organisation by id, deleted ones excluded:
// the one that an upsert overwrites (§4.5).
func (id *identity) lowest() (home, bool) {
	homes := slices.DeleteFunc(slices.Clone(id.homes), func(h home) bool { return h.tenant.org.Deleted })
	if len(homes) == 0 {
		return home{}, false
	}
	return slices.MinFunc(homes, func(a, b home) int { return cmp.Compare(a.tenant.org.ID, b.tenant.org.ID) }), true
}

// letters are n random ones from the alphabet.
func (s *System) letters(n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = byte('a' + s.ids.IntN(26))
	}
	return string(text)
}
