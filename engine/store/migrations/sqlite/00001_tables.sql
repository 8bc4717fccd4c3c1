-- Times are unix milliseconds; 0 means never. Truth values are 0 and 1.
-- +goose Up

-- What this store belongs to: the project, and the base URL of every connection.
CREATE TABLE stamps (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE cursors (
  flow           TEXT    NOT NULL PRIMARY KEY,
  mark           INTEGER NOT NULL DEFAULT 0,
  swept_at       INTEGER NOT NULL DEFAULT 0,
  adopted_before TEXT    NOT NULL DEFAULT '',
  whole          INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE runs (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  flow         TEXT    NOT NULL,
  spec_version TEXT    NOT NULL,
  who          TEXT    NOT NULL,
  ordinary     INTEGER NOT NULL,
  span         TEXT    NOT NULL,
  state        TEXT    NOT NULL,
  counts       TEXT    NOT NULL DEFAULT '{}',
  mark         INTEGER NOT NULL DEFAULT 0,
  started_at   INTEGER NOT NULL,
  ended_at     INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX runs_by_flow ON runs (flow, id);
CREATE INDEX runs_going ON runs (flow) WHERE state = 'running';

CREATE TABLE leases (
  flow    TEXT    NOT NULL PRIMARY KEY,
  run     INTEGER NOT NULL REFERENCES runs (id),
  who     TEXT    NOT NULL,
  since   INTEGER NOT NULL,
  expires INTEGER NOT NULL
) WITHOUT ROWID;

-- One row per write that was about to leave, with what became of it.
CREATE TABLE intents (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  run        INTEGER NOT NULL REFERENCES runs (id),
  flow       TEXT    NOT NULL,
  route      TEXT    NOT NULL,
  record     TEXT    NOT NULL,
  item       TEXT    NOT NULL,
  verdict    TEXT    NOT NULL,
  object     TEXT    NOT NULL,
  target     TEXT    NOT NULL,
  once       TEXT    NOT NULL,
  repeatable INTEGER NOT NULL,
  state      TEXT    NOT NULL,
  answer     TEXT    NOT NULL DEFAULT '',
  fault      TEXT    NOT NULL DEFAULT '',
  fault_kind TEXT    NOT NULL DEFAULT '',
  made_at    INTEGER NOT NULL,
  settled_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX intents_open ON intents (run) WHERE state = 'intended';
CREATE INDEX intents_by_record ON intents (record, id);

-- The ledger: every send that is meant to happen at most once.
CREATE TABLE sends (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  object   TEXT    NOT NULL,
  once     TEXT    NOT NULL,
  flow     TEXT    NOT NULL,
  route    TEXT    NOT NULL,
  record   TEXT    NOT NULL,
  item     TEXT    NOT NULL,
  known    TEXT    NOT NULL,
  state    TEXT    NOT NULL,
  answer   TEXT    NOT NULL DEFAULT '',
  awaiting INTEGER NOT NULL,
  intent   INTEGER NOT NULL DEFAULT 0,
  run      INTEGER NOT NULL DEFAULT 0,
  sent_at  INTEGER NOT NULL,
  UNIQUE (object, once)
);
CREATE INDEX sends_by_state ON sends (state, object);
CREATE INDEX sends_by_intent ON sends (intent);

CREATE TABLE send_known (
  object TEXT    NOT NULL,
  name   TEXT    NOT NULL,
  value  TEXT    NOT NULL,
  send   INTEGER NOT NULL REFERENCES sends (id) ON DELETE CASCADE,
  PRIMARY KEY (object, name, value, send)
) WITHOUT ROWID;
CREATE INDEX send_known_by_send ON send_known (send);

-- Recall: what a system last listed.
CREATE TABLE recall_objects (
  id       INTEGER PRIMARY KEY,
  object   TEXT    NOT NULL UNIQUE,
  whole_at INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE recall (
  id      INTEGER PRIMARY KEY,
  object  INTEGER NOT NULL REFERENCES recall_objects (id),
  "key"   TEXT    NOT NULL,
  keep    TEXT    NOT NULL,
  sealed  BLOB,
  seen_at INTEGER NOT NULL,
  UNIQUE (object, "key")
);

CREATE TABLE recall_values (
  object INTEGER NOT NULL,
  field  TEXT    NOT NULL,
  value  TEXT    NOT NULL,
  record INTEGER NOT NULL REFERENCES recall (id) ON DELETE CASCADE,
  PRIMARY KEY (object, field, value, record)
) WITHOUT ROWID;
CREATE INDEX recall_values_by_record ON recall_values (record);

-- Quarantine: what could not be decided or was refused. No payloads.
CREATE TABLE quarantine (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  flow         TEXT    NOT NULL,
  record       TEXT    NOT NULL,
  route        TEXT    NOT NULL,
  item         TEXT    NOT NULL,
  verdict      TEXT    NOT NULL,
  kind         TEXT    NOT NULL,
  code         TEXT    NOT NULL,
  reason       TEXT    NOT NULL,
  place        TEXT    NOT NULL,
  value        TEXT    NOT NULL,
  fields       TEXT    NOT NULL,
  spec_version TEXT    NOT NULL,
  status       TEXT    NOT NULL,
  first_at     INTEGER NOT NULL,
  last_at      INTEGER NOT NULL,
  times        INTEGER NOT NULL,
  run          INTEGER NOT NULL,
  UNIQUE (flow, record, route, item)
);
CREATE INDEX quarantine_by_status ON quarantine (status, flow);

-- Every move of a cursor and every decision of a person.
CREATE TABLE audit (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  at     INTEGER NOT NULL,
  who    TEXT    NOT NULL,
  what   TEXT    NOT NULL,
  flow   TEXT    NOT NULL,
  run    INTEGER NOT NULL,
  was    TEXT    NOT NULL,
  became TEXT    NOT NULL,
  why    TEXT    NOT NULL
);
CREATE INDEX audit_by_flow ON audit (flow, id);

-- +goose StatementBegin
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'audit lines are never changed');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN
  SELECT RAISE(ABORT, 'audit lines are never deleted');
END;
-- +goose StatementEnd
