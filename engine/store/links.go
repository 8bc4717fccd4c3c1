package store

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"slices"
	"strconv"

	"github.com/casebridge/casebridge/engine"
)

// digestSize is how many bytes of a digest are kept: enough that two values of one field never have the same.
const digestSize = 16

// Linked names a record, or one row of it.
type Linked struct {
	Target string // ID of the record
	Row    string // as in engine.Link; "" for the record itself
}

// Digest is a digest of the value that both sides of a field last had in common.
type Digest struct {
	Field  string
	Digest string
}

// LinkDigest is the digest of a field's value under the store key, "" without one. It is bound to its place: equal
// values of two records have different digests, so that nobody can tell from the store who shares a name.
// The value must be written in one way only, as an engine.Link is.
func (s *Store) LinkDigest(object string, at Linked, field string, value []byte) string {
	if s.seal == nil {
		return ""
	}
	mac := hmac.New(sha256.New, s.seal.linking)
	for _, part := range []string{object, at.Target, at.Row, field} {
		mac.Write(strconv.AppendQuote(nil, part))
	}
	mac.Write(value)
	return string(mac.Sum(nil)[:digestSize])
}

// KeepsLinks says whether the store has a key, and so keeps digests.
func (s *Store) KeepsLinks() bool { return s.seal != nil }

// LinksMany returns, for each of the asks in order, the digests of what both sides last had in common; none where
// they never had, or under another store key. A few queries serve all.
func (s *Store) LinksMany(ctx context.Context, object string, asks []Linked) ([][]Digest, error) {
	out := make([][]Digest, len(asks))
	if s.seal == nil {
		return out, nil
	}
	found := make(map[Linked][]Digest, len(asks))
	for part := range slices.Chunk(asks, many) {
		args := []any{object, s.seal.id}
		for _, p := range part {
			args = append(args, p.Target, p.Row)
		}
		query := `WITH asked (target, part) AS (VALUES ` + places(3, len(part), 2) + `)
			SELECT l.target, l.part, l.field, l.digest FROM asked AS a CROSS JOIN links AS l
			WHERE l.object = $1 AND l.target = a.target AND l.part = a.part AND l.store_key = $2`
		err := each(ctx, s.read, query, args, func(rows *sql.Rows) error {
			var at Linked
			var field string
			var digest []byte
			err := rows.Scan(&at.Target, &at.Row, &field, &digest)
			found[at] = append(found[at], Digest{field, string(digest)})
			return err
		})
		if err != nil {
			return nil, broken("read links", object, err)
		}
	}
	for i, p := range asks {
		out[i] = found[p]
	}
	return out, nil
}

// link remembers what the changes say both sides now have in common. Without a key nothing is kept.
func (r *Run) link(ctx context.Context, tx *transaction, changes []engine.Change) error {
	key := r.store.seal
	if key == nil {
		return nil
	}
	for _, c := range changes {
		if c.Target == "" {
			continue // made in a system that does not say under which name
		}
		for _, l := range c.Links {
			digest := r.store.LinkDigest(c.Object, Linked{c.Target, l.Row}, l.Field, l.Value.Raw())
			_, err := tx.exec(ctx, `INSERT INTO links (object, target, part, field, digest, store_key, flow, record, spec_version, linked_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
				ON CONFLICT (object, target, part, field) DO UPDATE SET digest = excluded.digest, store_key = excluded.store_key,
					flow = excluded.flow, record = excluded.record, spec_version = excluded.spec_version, linked_at = excluded.linked_at`,
				c.Object, c.Target, l.Row, l.Field, []byte(digest), key.id, cmp.Or(c.Flow, r.Flow), c.Record, r.version, tx.now)
			if err != nil {
				return err
			}
		}
	}
	return nil
}
