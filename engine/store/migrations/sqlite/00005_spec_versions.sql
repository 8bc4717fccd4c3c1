-- +goose Up

-- The files of the specs that ran, packed: what a change of them would do can be compared with what ran last.
CREATE TABLE spec_versions (
  version  TEXT    NOT NULL PRIMARY KEY,
  files    BLOB    NOT NULL,
  first_at INTEGER NOT NULL
) WITHOUT ROWID;
