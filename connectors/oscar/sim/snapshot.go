package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// The snapshot's shapes: what OSCaR holds, without stamps, numbers, slugs and ULIDs.
type snapshot struct {
	Organizations []snapOrg  `json:"organizations"`
	Identities    [][]string `json:"identities"` // who shares an identity; an empty group is a stray one
}

type snapOrg struct {
	Name     string            `json:"name"`
	Clients  []json.RawMessage `json:"clients"`
	Unlinked []json.RawMessage `json:"unlinked"`
}

type snapClient struct {
	Name, Local                             [2]*string
	Gender, Birth, External, Display, Mosvy *string
	Address, Status                         string
	Worker, WorkerID, Reason                *string
	ReferredExternal, Archived, Incomplete  bool
	Workers                                 []CaseWorker
	Enrolments                              []Enrolment
	Referrals                               []snapReferral
}

type snapReferral struct {
	From, To, Name, Reason, Referee, Phone, Status string
	Village, Gender, Birth, External, Display      *string
	Mosvy, Level                                   *string
	Services                                       []string
	Saved, Deleted, First, OtherChild              bool
}

// Snapshot is canonical JSON of everything OSCaR holds, without what differs
// from run to run: stamps, dates of referral, numbers, slugs, ULIDs and the
// order of arrival. Two systems in the same state have equal snapshots.
func (s *System) Snapshot() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	shot := snapshot{Organizations: []snapOrg{}, Identities: [][]string{}}
	groups := map[string][]string{}
	for _, t := range s.tenants {
		shot.Organizations = append(shot.Organizations, t.snap(groups))
	}
	for ulid := range s.identities {
		group := append([]string{}, groups[ulid]...)
		slices.Sort(group)
		shot.Identities = append(shot.Identities, group)
	}
	slices.SortFunc(shot.Identities, slices.Compare)
	return encoded(shot)
}

// described is one thing of a tenant: its canonical text and its identity.
type described struct {
	text json.RawMessage
	ulid string
}

func (t *tenant) snap(groups map[string][]string) snapOrg {
	var clients, unlinked []described
	for _, c := range t.clients {
		clients = append(clients, described{encoded(c.snap()), c.globalID.text})
	}
	for _, r := range t.referrals {
		if r.client == nil {
			unlinked = append(unlinked, described{encoded(r.snap(nil)), r.globalID})
		}
	}
	return snapOrg{
		Name:     t.org.ShortName,
		Clients:  sorted(clients, t.org.ShortName+"/client", groups),
		Unlinked: sorted(unlinked, t.org.ShortName+"/referral", groups),
	}
}

// sorted orders things by their text and notes under which place each identity stands.
func sorted(things []described, prefix string, groups map[string][]string) []json.RawMessage {
	slices.SortFunc(things, func(a, b described) int { return bytes.Compare(a.text, b.text) })
	texts := make([]json.RawMessage, len(things))
	for i, thing := range things {
		texts[i] = thing.text
		groups[thing.ulid] = append(groups[thing.ulid], fmt.Sprintf("%s/%d", prefix, i))
	}
	return texts
}

func (c *client) snap() snapClient {
	shot := snapClient{
		Name:   [2]*string{c.given.pointer(), c.family.pointer()},
		Local:  [2]*string{c.localGiven.pointer(), c.localFamily.pointer()},
		Gender: c.gender.pointer(), Birth: c.birth.pointer(), External: c.externalID.pointer(), Display: c.display.pointer(), Mosvy: c.mosvy.pointer(),
		Address: c.address.deepest(false), Status: c.status, Worker: c.workerName.pointer(), WorkerID: c.workerID.pointer(), Reason: c.reason.pointer(),
		ReferredExternal: c.referredExternal, Archived: c.archived, Incomplete: c.incomplete, Workers: c.workers,
	}
	for _, e := range c.enrolments {
		shot.Enrolments = append(shot.Enrolments, Enrolment{e.program, e.date.text, serviceNames(e.services), e.left})
	}
	for _, r := range c.referrals {
		shot.Referrals = append(shot.Referrals, r.snap(c))
	}
	slices.SortFunc(shot.Referrals, func(a, b snapReferral) int { return bytes.Compare(encoded(a), encoded(b)) })
	return shot
}

func (r *referral) snap(c *client) snapReferral {
	return snapReferral{
		From: r.from, To: r.to, Name: r.clientName, Reason: r.reason, Referee: r.referee, Phone: r.phone, Status: r.status,
		Village: r.village.pointer(), Gender: r.gender.pointer(), Birth: r.birth.pointer(),
		External: r.externalID.pointer(), Display: r.display.pointer(), Mosvy: r.mosvy.pointer(), Level: r.level.pointer(),
		Services: serviceNames(r.services), Saved: r.saved, Deleted: r.deleted,
		First: c != nil && c.fromReferral == r.id, OtherChild: c != nil && c.globalID.text != r.globalID,
	}
}

func encoded(value any) json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // only our own structs come here
	}
	return text
}
