-- +goose Up

-- What both sides of a field last had in common: a digest of the value under the store key, never the value.
-- One row per field of a record (part is '') or of one of its rows (part names it), in the system that was written:
-- it says what that side last got. store_key says which key the digest is under; under another key it says nothing.
CREATE TABLE links (
  object       TEXT    NOT NULL,
  target       TEXT    NOT NULL,
  part         TEXT    NOT NULL,
  field        TEXT    NOT NULL,
  digest       BLOB    NOT NULL,
  store_key    BLOB    NOT NULL,
  flow         TEXT    NOT NULL,
  record       TEXT    NOT NULL,
  spec_version TEXT    NOT NULL,
  linked_at    INTEGER NOT NULL,
  PRIMARY KEY (object, target, part, field)
) WITHOUT ROWID;
