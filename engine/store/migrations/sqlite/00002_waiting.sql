-- +goose Up

-- How often, and when last, the system that would show a send was read without showing it.
ALTER TABLE sends ADD COLUMN looked    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sends ADD COLUMN looked_at INTEGER NOT NULL DEFAULT 0;

-- Old runs and their intents are pruned, oldest first.
CREATE INDEX intents_by_run ON intents (run);
CREATE INDEX runs_by_end ON runs (ended_at);
