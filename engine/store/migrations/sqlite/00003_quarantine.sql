-- +goose Up

-- lookup and lookup_by: the map (or rule) that had no entry for value, and its column (or form).
-- stamp and digest tell whether the source record changed since: the system's own stamp, and a digest under the store key.
-- payload says what became of the document that is kept of an entry; why is the reason of the person who discarded it.
ALTER TABLE quarantine ADD COLUMN object    TEXT    NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN lookup    TEXT    NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN lookup_by TEXT    NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN stamp     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN digest    TEXT    NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN payload   TEXT    NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN why       TEXT    NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN closed_at INTEGER NOT NULL DEFAULT 0;

-- The document that was refused, or the record that could not be decided: only sealed, and only for a while.
CREATE TABLE payloads (
  entry   INTEGER PRIMARY KEY REFERENCES quarantine (id) ON DELETE CASCADE,
  object  TEXT    NOT NULL,
  source  INTEGER NOT NULL,
  sealed  BLOB    NOT NULL,
  kept_at INTEGER NOT NULL
);
CREATE INDEX payloads_by_age ON payloads (kept_at);

-- Values that no map knows and that stopped nothing. Codes and public values only.
CREATE TABLE unmapped (
  flow      TEXT    NOT NULL,
  lookup    TEXT    NOT NULL,
  lookup_by TEXT    NOT NULL,
  value     TEXT    NOT NULL,
  carried   TEXT    NOT NULL,
  record    TEXT    NOT NULL,
  first_at  INTEGER NOT NULL,
  last_at   INTEGER NOT NULL,
  times     INTEGER NOT NULL,
  PRIMARY KEY (flow, lookup, lookup_by, value)
) WITHOUT ROWID;

-- At most one row: while it is there, nothing in quarantine is tried again by itself.
CREATE TABLE pause (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  since INTEGER NOT NULL,
  who   TEXT    NOT NULL,
  why   TEXT    NOT NULL
);
