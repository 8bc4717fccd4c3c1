-- +goose Up

-- The specs under which the record of an entry was last looked for wherever it can be, and not found; '' when it was found since.
ALTER TABLE quarantine ADD COLUMN sought TEXT NOT NULL DEFAULT '';
