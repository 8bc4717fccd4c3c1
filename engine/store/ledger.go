package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// LedgerEntry is one send that happens at most once.
type LedgerEntry struct {
	ID     int64
	Object string
	Once   string
	Flow   string
	Route  string
	Record string
	Item   string
	Known  []engine.Pair
	State  string // sent, awaiting, shown, parked; from Send also intended and closed
	Answer string // how the other system names it; "" until it shows it
	SentAt time.Time
	Run    int64 // 0: recorded by Adopt

	Looked   int       // runs that read what would show it, and did not find it
	LookedAt time.Time // the last of them; zero: none
}

const entryColumns = `s.id, s.object, s.once, s.flow, s.route, s.record, s.item, s.known, s.state, s.answer, s.sent_at, s.run, s.looked, s.looked_at`

// scanEntry reads entryColumns, after the columns that before takes.
func scanEntry(rows *sql.Rows, before ...any) (*LedgerEntry, error) {
	var e LedgerEntry
	var known string
	var sent, looked int64
	err := rows.Scan(append(before, &e.ID, &e.Object, &e.Once, &e.Flow, &e.Route, &e.Record, &e.Item, &known, &e.State, &e.Answer, &sent, &e.Run,
		&e.Looked, &looked)...)
	if err != nil {
		return nil, err
	}
	e.SentAt, e.LookedAt = instant(sent), instant(looked)
	e.Known, err = listsAsPairs(known)
	return &e, err
}

// readable is how a state reads to a decision: what is on its way may arrive, and
// what a person closed as arrived was sent.
func readable(state string) string {
	switch state {
	case sendIntended:
		return sendParked
	case sendClosed:
		return sendSent
	}
	return state
}

// many is how many values one query asks for at most.
const many = 400

// SendStates returns the state (sent, awaiting, shown, parked) of each send that must not happen again.
func (s *Store) SendStates(ctx context.Context, object string, once []string) (map[string]string, error) {
	states := make(map[string]string, len(once))
	for part := range slices.Chunk(once, many) {
		args := []any{object}
		for _, o := range part {
			args = append(args, o)
		}
		query := `SELECT once, state FROM sends WHERE object = $1 AND once IN (` + places(2, len(part), 1) + `) AND state <> 'lost'`
		err := each(ctx, s.read, query, args, func(rows *sql.Rows) error {
			var key, state string
			err := rows.Scan(&key, &state)
			states[key] = readable(state)
			return err
		})
		if err != nil {
			return nil, broken("read ledger", object, err)
		}
	}
	return states, nil
}

// LastKey is the key of the newest send of a route; "" when there is none, or when a person has adopted what the
// flow sent since.
func (s *Store) LastKey(ctx context.Context, flow, route, object string) (once string, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT once FROM sends WHERE flow = $1 AND route = $2 AND object = $3
		AND sent_at > coalesce((SELECT max(at) FROM audit WHERE flow = $1 AND what = 'adopt'), 0) ORDER BY id DESC LIMIT 1`, flow, route, object).Scan(&once)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return once, broken("read ledger", object, err)
}

// LedgerMany returns, for each of the asks in order, the sends that are known under
// all of its pairs, oldest first; none for no pairs. A few queries serve all.
func (s *Store) LedgerMany(ctx context.Context, object string, asks [][]engine.Pair) ([][]LedgerEntry, error) {
	found, err := ledger(ctx, s.read, object, asks)
	if err != nil {
		return nil, broken("read ledger", object, err)
	}
	out := make([][]LedgerEntry, len(asks))
	for i, entries := range found {
		for _, e := range entries {
			shown := *e
			shown.State = readable(e.State)
			out[i] = append(out[i], shown)
		}
	}
	return out, nil
}

// ledger finds the entries of many asks, with their states as stored. An entry
// that answers several asks is the same pointer in each. A pair such as
// organization=x fits thousands of entries, so each ask is answered through its
// rarest pair; the others are compared here.
func ledger(ctx context.Context, q querier, object string, asks [][]engine.Pair) ([][]*LedgerEntry, error) {
	rare, err := rarest(ctx, q, object, asks)
	if err != nil {
		return nil, err
	}
	byPair, err := entriesBy(ctx, q, object, rare)
	if err != nil {
		return nil, err
	}
	out := make([][]*LedgerEntry, len(asks))
	for i, ask := range asks {
		if len(ask) == 0 {
			continue
		}
		for _, e := range byPair[rare[i]] {
			if hasAll(e.Known, ask) {
				out[i] = append(out[i], e)
			}
		}
	}
	return out, nil
}

func hasAll(known, ask []engine.Pair) bool {
	for _, p := range ask {
		if !slices.Contains(known, p) {
			return false
		}
	}
	return true
}

// rarest chooses, for each ask, the pair that the fewest entries have. Counting stops at a hundred.
func rarest(ctx context.Context, q querier, object string, asks [][]engine.Pair) ([]engine.Pair, error) {
	counts := map[engine.Pair]int{}
	for part := range slices.Chunk(distinctPairs(slices.Concat(asks...)), many) {
		query := `WITH asked (name, value) AS (VALUES ` + places(2, len(part), 2) + `)
			SELECT a.name, a.value, (SELECT count(*) FROM (SELECT 1 FROM send_known AS k
				WHERE k.object = $1 AND k.name = a.name AND k.value = a.value LIMIT 100) AS some)
			FROM asked AS a`
		err := each(ctx, q, query, pairArgs(object, part), func(rows *sql.Rows) error {
			var p engine.Pair
			var n int
			err := rows.Scan(&p.Name, &p.Value, &n)
			counts[p] = n
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	out := make([]engine.Pair, len(asks))
	for i, ask := range asks {
		if len(ask) > 0 {
			out[i] = slices.MinFunc(ask, func(a, b engine.Pair) int { return cmp.Compare(counts[a], counts[b]) })
		}
	}
	return out, nil
}

// entriesBy returns the entries that have each pair, oldest first.
func entriesBy(ctx context.Context, q querier, object string, pairs []engine.Pair) (map[engine.Pair][]*LedgerEntry, error) {
	byID := map[int64]*LedgerEntry{}
	byPair := map[engine.Pair][]*LedgerEntry{}
	for part := range slices.Chunk(distinctPairs(pairs), many) {
		query := `WITH asked (name, value) AS (VALUES ` + places(2, len(part), 2) + `)
			SELECT a.name, a.value, ` + entryColumns + `
			FROM asked AS a CROSS JOIN send_known AS k CROSS JOIN sends AS s
			WHERE k.object = $1 AND k.name = a.name AND k.value = a.value AND s.id = k.send
			ORDER BY s.id`
		err := each(ctx, q, query, pairArgs(object, part), func(rows *sql.Rows) error {
			var p engine.Pair
			e, err := scanEntry(rows, &p.Name, &p.Value)
			if err != nil {
				return err
			}
			if same := byID[e.ID]; same != nil {
				e = same
			}
			byID[e.ID] = e
			byPair[p] = append(byPair[p], e)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return byPair, nil
}

// distinctPairs leaves each pair once, in order; the empty pair of an empty ask is left out.
func distinctPairs(pairs []engine.Pair) []engine.Pair {
	seen := make(map[engine.Pair]bool, len(pairs))
	var out []engine.Pair
	for _, p := range pairs {
		if !seen[p] && p != (engine.Pair{}) {
			out = append(out, p)
		}
		seen[p] = true
	}
	return out
}

func pairArgs(first any, pairs []engine.Pair) []any {
	args := []any{first}
	for _, p := range pairs {
		args = append(args, p.Name, p.Value)
	}
	return args
}

// places writes n groups of width placeholders from $first on: "$2, $3" or "($2, $3), ($4, $5)".
func places(first, n, width int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		if width == 1 {
			fmt.Fprintf(&b, "$%d", first+i)
			continue
		}
		b.WriteByte('(')
		for j := range width {
			if j > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "$%d", first+i*width+j)
		}
		b.WriteByte(')')
	}
	return b.String()
}
