-- +goose Up

-- The records that were written with something else in place of a value that no map knew: what is only set when a
-- record is made stays so when the map has learned the value. Codes and public values only.
CREATE TABLE carriers (
  flow      TEXT    NOT NULL,
  lookup    TEXT    NOT NULL,
  lookup_by TEXT    NOT NULL,
  value     TEXT    NOT NULL,
  record    TEXT    NOT NULL,
  carried   TEXT    NOT NULL,
  at        INTEGER NOT NULL,
  PRIMARY KEY (flow, lookup, lookup_by, value, record)
) WITHOUT ROWID;
INSERT INTO carriers SELECT flow, lookup, lookup_by, value, record, carried, last_at FROM unmapped;
