package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/casebridge/casebridge/engine"
)

// Recalled is one record as a system listed it, for the store to remember.
type Recalled struct {
	Object string
	Key    string        // tells records of the object apart
	Keep   []engine.Pair // kept in the clear; each can be asked for
	Sealed []byte        // JSON object of the personal fields; kept only sealed, and only with a key

	// Unknown are fields to keep of which this listing says nothing for certain: what was kept of them stays. Where
	// nothing was, the record has a gap: it is not found by them, whatever it has there.
	Unknown []string
}

// gap is the name of the pair that marks a record with a gap. No field is called so.
const gap = ""

var errNotObject = errors.New("the fields to seal are not a JSON object")

// recall remembers records as they were just listed. Without a key what was
// sealed before is dropped: it is no longer what the system last said.
// Records that are no longer listed stay: a list can be short for other reasons.
func (s *Store) recall(ctx context.Context, tx *transaction, records []Recalled) error {
	objects := map[string]int64{}
	for _, rec := range records {
		if objects[rec.Object] == 0 {
			id, err := recallObject(ctx, tx, rec.Object)
			if err != nil {
				return err
			}
			objects[rec.Object] = id
		}
		if err := s.recallOne(ctx, tx, objects[rec.Object], rec); err != nil {
			return err
		}
	}
	return nil
}

// recallObject is the short number under which an object's records are kept.
func recallObject(ctx context.Context, tx *transaction, object string) (int64, error) {
	var id int64
	err := tx.row(ctx, `SELECT id FROM recall_objects WHERE object = $1`, []any{object}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		err = tx.row(ctx, `INSERT INTO recall_objects (object) VALUES ($1) RETURNING id`, []any{object}, &id)
	}
	return id, err
}

// readWhole remembers that an object was read whole.
func readWhole(ctx context.Context, tx *transaction, object string, at int64) error {
	id, err := recallObject(ctx, tx, object)
	if err == nil {
		_, err = tx.exec(ctx, `UPDATE recall_objects SET whole_at = $2 WHERE id = $1 AND whole_at < $2`, id, at)
	}
	return err
}

func (s *Store) recallOne(ctx context.Context, tx *transaction, object int64, rec Recalled) error {
	sealed, err := s.sealed(rec)
	if err != nil {
		return err
	}
	var id int64
	var was string
	err = tx.row(ctx, `SELECT id, keep FROM recall WHERE object = $1 AND "key" = $2`, []any{object, rec.Key}, &id, &was)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	pairs, err := kept(rec, was)
	if err != nil {
		return err
	}
	keepJSON, err := json.Marshal(pairsAsLists(pairs))
	if err != nil {
		return err
	}
	keep := string(keepJSON)
	switch {
	case id == 0:
		err = tx.row(ctx, `INSERT INTO recall (object, "key", keep, sealed, seen_at) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
			[]any{object, rec.Key, keep, sealed, tx.now}, &id)
	default:
		_, err = tx.exec(ctx, `UPDATE recall SET keep = $2, sealed = $3, seen_at = $4 WHERE id = $1`, id, keep, sealed, tx.now)
	}
	if err != nil || was == keep {
		return err
	}
	return index(ctx, tx, object, id, pairs)
}

// kept are the pairs to keep of a record of which was is kept already, "" for nothing.
func kept(rec Recalled, was string) ([]engine.Pair, error) {
	if len(rec.Unknown) == 0 {
		return rec.Keep, nil
	}
	if was == "" {
		return append(slices.Clip(rec.Keep), engine.Pair{Name: gap, Value: "1"}), nil
	}
	before, err := listsAsPairs(was)
	if err != nil {
		return nil, err
	}
	pairs := slices.Clip(rec.Keep)
	for _, p := range before {
		if p.Name == gap || slices.Contains(rec.Unknown, p.Name) {
			pairs = append(pairs, p)
		}
	}
	return pairs, nil
}

// index makes a record findable by its kept fields. A blank value finds nothing.
func index(ctx context.Context, tx *transaction, object, id int64, keep []engine.Pair) error {
	if _, err := tx.exec(ctx, `DELETE FROM recall_values WHERE record = $1`, id); err != nil {
		return err
	}
	for _, p := range keep {
		if p.Value == "" {
			continue
		}
		_, err := tx.exec(ctx, `INSERT INTO recall_values (object, field, value, record) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			object, p.Name, p.Value, id)
		if err != nil {
			return err
		}
	}
	return nil
}

// sealed is what is stored of the personal fields; nil without a key or without fields.
func (s *Store) sealed(rec Recalled) ([]byte, error) {
	plain := bytes.TrimSpace(rec.Sealed)
	if len(plain) == 0 || s.seal == nil {
		return nil, nil
	}
	if plain[0] != '{' || !json.Valid(plain) {
		return nil, misuse("remember record", rec.Object, errNotObject)
	}
	return s.seal.seal(recallPlace(rec.Object, rec.Key), plain), nil
}

// recallPlace binds sealed fields to their row: moved to another one they do not open.
func recallPlace(object, key string) string {
	return "recall " + strconv.Quote(object) + " " + strconv.Quote(key)
}

// RecalledMany returns, for each of the asks in order, the records of the object
// that have any of its pairs, by key; a few queries serve all. A Body is one JSON
// object of the kept fields and, where the key fits, the sealed ones. swept says
// whether the object was ever read whole; only then does "none" mean that there is none. One record with a gap does
// not hold up all others: Overview counts such records, and each is in quarantine. A pair with a blank value fits nothing.
func (s *Store) RecalledMany(ctx context.Context, object string, asks [][]engine.Pair) (records [][]engine.Record, swept bool, err error) {
	out := make([][]engine.Record, len(asks))
	var id, whole int64
	err = s.read.QueryRowContext(ctx, `SELECT id, whole_at FROM recall_objects WHERE object = $1`, object).Scan(&id, &whole)
	if errors.Is(err, sql.ErrNoRows) {
		return out, false, nil
	}
	if err != nil {
		return nil, false, broken("read recall", object, err)
	}
	byPair, err := s.recalledBy(ctx, object, id, asks)
	if err != nil {
		return nil, false, broken("read recall", object, err)
	}
	for i, ask := range asks {
		out[i] = union(byPair, ask)
	}
	return out, whole != 0, nil
}

// remembered is a recalled record and its key.
type remembered struct {
	key    string
	record engine.Record
}

func (s *Store) recalledBy(ctx context.Context, object string, id int64, asks [][]engine.Pair) (map[engine.Pair][]*remembered, error) {
	known := map[string]*remembered{}
	byPair := map[engine.Pair][]*remembered{}
	for part := range slices.Chunk(distinctPairs(slices.Concat(asks...)), many) {
		query := `WITH asked (field, value) AS (VALUES ` + places(2, len(part), 2) + `)
			SELECT a.field, a.value, r."key", r.keep, r.sealed
			FROM asked AS a CROSS JOIN recall_values AS v CROSS JOIN recall AS r
			WHERE v.object = $1 AND v.field = a.field AND v.value = a.value AND r.id = v.record`
		err := each(ctx, s.read, query, pairArgs(id, part), func(rows *sql.Rows) error {
			var p engine.Pair
			var key, keep string
			var sealed []byte
			if err := rows.Scan(&p.Name, &p.Value, &key, &keep, &sealed); err != nil {
				return err
			}
			if known[key] == nil {
				body, err := s.body(object, key, keep, sealed)
				if err != nil {
					return err
				}
				known[key] = &remembered{key: key, record: engine.Record{Object: object, Body: engine.NewBody(body)}}
			}
			byPair[p] = append(byPair[p], known[key])
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return byPair, nil
}

// union is every record that has any of the pairs, once, by key.
func union(byPair map[engine.Pair][]*remembered, ask []engine.Pair) []engine.Record {
	var all []*remembered
	for _, p := range ask {
		all = append(all, byPair[p]...)
	}
	slices.SortFunc(all, func(a, b *remembered) int { return bytes.Compare([]byte(a.key), []byte(b.key)) })
	var out []engine.Record
	for i, r := range all {
		if i == 0 || all[i-1] != r {
			out = append(out, r.record)
		}
	}
	return out
}

// body joins the kept fields and those that the key opens into one JSON object.
func (s *Store) body(object, key, keep string, sealed []byte) ([]byte, error) {
	pairs, err := listsAsPairs(keep)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for _, p := range pairs {
		if p.Name == gap {
			continue
		}
		name, _ := json.Marshal(p.Name)
		value, _ := json.Marshal(p.Value) // strings always marshal
		comma(&b)
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	if plain, ok := s.seal.open(recallPlace(object, key), sealed); ok {
		if inner := bytes.TrimSpace(plain[1 : len(plain)-1]); len(inner) > 0 {
			comma(&b)
			b.Write(inner)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func comma(b *bytes.Buffer) {
	if b.Len() > 1 {
		b.WriteByte(',')
	}
}
