-- +goose Up

-- 1: an earlier attempt at this send had no answer. It may have arrived, whatever becomes of the present attempt.
ALTER TABLE sends ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;
