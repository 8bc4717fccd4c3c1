package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine/store"
)

// Keys of settings about quarantine, and what they are unless the installation says otherwise.
const (
	keyPayload    = "quarantine.payload"   // how long the document of an entry is kept
	keyRetryFor   = "quarantine.retry_for" // how long an entry is tried again by itself
	usualPayload  = "30d"
	usualRetryFor = "90d"
)

// span is a length of time of a setting: "30d", "12h"; 0 is none.
func (s *settings) span(key string) (time.Duration, error) {
	text := s.k.String(key)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n <= 100_000 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	} else if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return d, nil
	}
	return 0, usageError{fmt.Errorf("%s must be a length of time, such as 30d or 12h; 0 is none", key)}
}

// quarantine is the store as the commands about it use it.
type quarantine struct {
	c        *compiled
	store    *store.Store
	now      time.Time
	retryFor time.Duration
}

// openQuarantine opens the store alone. Documents whose time is over go first, whatever is asked for.
func (a *app) openQuarantine(cmd *cobra.Command) (*quarantine, error) {
	c, st, err := a.openStore(cmd)
	if err != nil {
		return nil, err
	}
	q, err := a.quarantineOf(c, st)
	if err == nil {
		_, err = st.PurgePayloads(cmd.Context())
	}
	if err != nil {
		closeQuietly(st)
		return nil, err
	}
	return q, nil
}

func (a *app) quarantineOf(c *compiled, st *store.Store) (*quarantine, error) {
	set, err := a.settings(c.project, c.drivers)
	if err != nil {
		return nil, err
	}
	retryFor, err := set.span(keyRetryFor)
	return &quarantine{c: c, store: st, now: a.now(), retryFor: retryFor}, err
}

func (q *quarantine) close() { closeQuietly(q.store) }

// entry is one entry by its number.
func (q *quarantine) entry(ctx context.Context, id int64) (store.QuarantineEntry, error) {
	found, err := q.store.Quarantine(ctx, store.QuarantineFilter{ID: id})
	if err == nil && len(found) == 0 {
		err = usageError{fmt.Errorf("there is no entry %d; see `casebridge quarantine list`", id)}
	}
	if err != nil {
		return store.QuarantineEntry{}, err
	}
	return found[0], nil
}

// chosen are the entries of these numbers, or the open ones that the flags name.
func (q *quarantine) chosen(ctx context.Context, ids []int64, flags heldFlags) ([]store.QuarantineEntry, error) {
	if len(ids) == 0 {
		found, err := q.store.Quarantine(ctx, store.QuarantineFilter{Flow: flags.flow, Open: true, Code: flags.cause})
		if err == nil && len(found) == 0 {
			err = usageError{fmt.Errorf("no open entry is of that kind; see `casebridge quarantine list`")}
		}
		return found, err
	}
	var out []store.QuarantineEntry
	seen := map[int64]bool{}
	for _, id := range ids {
		e, err := q.entry(ctx, id)
		if err != nil {
			return nil, err
		}
		if !seen[id] {
			out = append(out, e)
		}
		seen[id] = true
	}
	return out, nil
}

// openStore opens the store alone, for commands that talk to no system.
func (a *app) openStore(cmd *cobra.Command) (*compiled, *store.Store, error) {
	c, options, err := a.standingStore()
	if err != nil {
		return nil, nil, err
	}
	st, err := store.Open(cmd.Context(), options)
	return c, st, err
}

// standingStore says where the store is that is there already.
func (a *app) standingStore() (*compiled, store.Options, error) {
	if _, err := a.json(); err != nil {
		return nil, store.Options{}, err
	}
	c, err := a.ready()
	if err != nil {
		return nil, store.Options{}, err
	}
	set, err := a.settings(c.project, c.drivers)
	if err != nil {
		return nil, store.Options{}, err
	}
	options, err := a.storeOptions(c, set, nil)
	if err == nil {
		err = isThere(options.Path)
	}
	return c, options, err
}
