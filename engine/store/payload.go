package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// payloadLimit is the largest document that is kept of an entry, in bytes.
const payloadLimit = 1 << 20

// The PayloadStates: what became of the document of an entry.
const (
	PayloadNone   = ""          // there was none to keep, or keeping is switched off
	PayloadKept   = "kept"      // it is there, sealed
	PayloadNoKey  = "no key"    // the store had no key when it was held
	PayloadLarge  = "too large" // it is over the limit
	PayloadPurged = "purged"    // its time was over
	PayloadOver   = "over"      // the entry closed or was discarded
)

// Payload is the document of an entry: what the target refused, or the source record that could not be decided.
type Payload struct {
	Object string // "connection.object" that the document is of
	Source bool   // it is the source record, not what was to be written
	Body   engine.Body
	Kept   time.Time
}

// payloadOf is the document that is kept of a held change, none when there is none.
func payloadOf(h Held) Payload {
	if h.Change.Verdict.Writes() {
		return Payload{Object: h.Change.Object, Body: h.Change.Document}
	}
	return Payload{Object: h.Source.Object, Source: true, Body: h.Source.Body}
}

// keepPayload seals the document of an entry in place of the one before.
func (s *Store) keepPayload(ctx context.Context, tx *transaction, e QuarantineEntry, h Held) error {
	p := payloadOf(h)
	state := PayloadKept
	switch {
	case s.payloadFor <= 0, p.Body.Empty():
		state = PayloadNone
	case s.seal == nil:
		state = PayloadNoKey
	case len(p.Body.Raw()) > payloadLimit:
		state = PayloadLarge
	}
	if state != PayloadKept {
		return dropPayload(ctx, tx, e.ID, state)
	}
	_, err := tx.exec(ctx, `INSERT INTO payloads (entry, object, source, sealed, kept_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (entry) DO UPDATE SET object = excluded.object, source = excluded.source, sealed = excluded.sealed, kept_at = excluded.kept_at`,
		e.ID, p.Object, number(p.Source), s.seal.seal(payloadPlace(e, p), p.Body.Raw()), tx.now)
	if err == nil {
		_, err = tx.exec(ctx, `UPDATE quarantine SET payload = $2 WHERE id = $1`, e.ID, state)
	}
	return err
}

// dropPayload deletes the document of an entry. That there never was one stays said.
func dropPayload(ctx context.Context, tx *transaction, id int64, state string) error {
	if _, err := tx.exec(ctx, `DELETE FROM payloads WHERE entry = $1`, id); err != nil {
		return err
	}
	query := `UPDATE quarantine SET payload = $2 WHERE id = $1 AND payload <> $2`
	if state == PayloadOver || state == PayloadPurged {
		query += ` AND payload = 'kept'`
	}
	_, err := tx.exec(ctx, query, id, state)
	return err
}

// payloadPlace binds a sealed document to its entry: moved to another one it does not open.
func payloadPlace(e QuarantineEntry, p Payload) string {
	parts := []string{"quarantine", strconv.FormatInt(e.ID, 10)}
	for _, part := range []string{e.Flow, e.Record, e.Route, e.Item, p.Object} {
		parts = append(parts, strconv.Quote(part))
	}
	return strings.Join(parts, " ")
}

var errSealed = errors.New("it was sealed under another store key, or was changed since")

// Payload opens the document of an entry. none is true when nothing is kept; QuarantineEntry.Payload
// says why. Without the key that it was sealed under, the error is an environment Fault.
func (s *Store) Payload(ctx context.Context, e QuarantineEntry) (p Payload, none bool, err error) {
	ref := strconv.FormatInt(e.ID, 10)
	var sealed []byte
	var kept int64
	err = s.read.QueryRowContext(ctx, `SELECT object, source, sealed, kept_at FROM payloads WHERE entry = $1`, e.ID).
		Scan(&p.Object, &p.Source, &sealed, &kept)
	if errors.Is(err, sql.ErrNoRows) {
		return p, true, nil
	}
	if err != nil {
		return p, false, broken("read document", ref, err)
	}
	plain, ok := s.seal.open(payloadPlace(e, p), sealed)
	if !ok {
		return p, false, &engine.Fault{Kind: engine.Environment, Op: "read document of entry", Ref: ref, Err: errSealed,
			Next: "Give the store key that was in use when the record was held."}
	}
	p.Body, p.Kept = engine.NewBody(plain), instant(kept)
	return p, false, nil
}

// PurgePayloads deletes the documents whose time is over, from the file and from its log, and says how many.
// Without a time for keeping them, all go.
func (s *Store) PurgePayloads(ctx context.Context) (int, error) {
	n, err := s.purgeBefore(ctx, s.now().Add(-s.payloadFor))
	if n > 0 && err == nil {
		err = s.cutLog(ctx)
	}
	return n, err
}

// cutLog takes deleted content out of the log of the file, where it stands until the log is cut. Readers
// at work can prevent that, which is no error: the next cut, or the end of the program, does it.
func (s *Store) cutLog(ctx context.Context) error {
	_, err := s.write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	return broken("purge documents", s.path, err)
}

func (s *Store) purgeBefore(ctx context.Context, at time.Time) (int, error) {
	var n int64
	err := s.change(ctx, "purge documents", s.path, func(tx *transaction) error {
		_, err := tx.exec(ctx, `UPDATE quarantine SET payload = 'purged' WHERE id IN (SELECT entry FROM payloads WHERE kept_at <= $1)`, millis(at))
		if err == nil {
			n, err = tx.exec(ctx, `DELETE FROM payloads WHERE kept_at <= $1`, millis(at))
		}
		return err
	})
	return int(n), err
}

// Mark tells whether a source record is still as it was. The zero Mark tells nothing.
type Mark struct {
	Stamp  time.Time // the system's own, zero when it gives none
	Digest string    // of what the flow reads of the record, keyed, with the id of the key; "" without a store key
}

// Mark is the mark of a record as it is now.
func (s *Store) Mark(r engine.Record) Mark {
	m := Mark{Stamp: instant(millis(r.Stamp))}
	if s.seal != nil && !r.Body.Empty() {
		m.Digest = s.seal.mark(r)
	}
	return m
}

// Same says whether nothing shows a change between two marks: digests under one key decide, else stamps.
func (m Mark) Same(now Mark) bool {
	was, _, ok1 := strings.Cut(m.Digest, ":")
	key, _, ok2 := strings.Cut(now.Digest, ":")
	if ok1 && ok2 && was == key {
		return m.Digest == now.Digest
	}
	return m.Stamp.IsZero() || now.Stamp.IsZero() || m.Stamp.Equal(now.Stamp)
}

// Tells says whether a later change can be seen at all.
func (m Mark) Tells() bool { return m.Digest != "" || !m.Stamp.IsZero() }

// mark digests a record, so that nobody without the key can find out what it holds by trying.
func (s *sealer) mark(r engine.Record) string {
	mac := hmac.New(sha256.New, s.marking)
	fmt.Fprintf(mac, "%q ", r.Object)
	mac.Write(r.Body.Raw())
	return hex.EncodeToString(s.id) + ":" + hex.EncodeToString(mac.Sum(nil))
}
