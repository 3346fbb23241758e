-- What was declared and what was granted. Scopes are JSON as grant/scope_json.h writes it, states as grant/lifecycle.h names
-- them.
CREATE TABLE tasks (
  id TEXT PRIMARY KEY,
  agent TEXT NOT NULL,
  owner TEXT NOT NULL,
  on_behalf_of TEXT NOT NULL,
  template TEXT NOT NULL,
  parent TEXT NOT NULL,
  depth INTEGER NOT NULL,
  reason TEXT NOT NULL,
  ticket TEXT NOT NULL,
  declared TEXT,
  scope TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  not_after_ms INTEGER NOT NULL,
  state TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tasks_of_agent ON tasks (agent, id);
CREATE INDEX tasks_by_state ON tasks (state, id);

CREATE TABLE grants (
  id TEXT PRIMARY KEY,
  task TEXT NOT NULL REFERENCES tasks (id),
  agent TEXT NOT NULL,
  resource TEXT NOT NULL,
  owner TEXT NOT NULL,
  on_behalf_of TEXT NOT NULL,
  asked TEXT NOT NULL,
  scope TEXT NOT NULL,
  not_before_ms INTEGER NOT NULL,
  not_after_ms INTEGER NOT NULL,
  idle_timeout_ms INTEGER NOT NULL,
  rows_read_max INTEGER,
  rows_written_max INTEGER,
  bytes_max INTEGER,
  uses_max INTEGER,
  rows_read INTEGER NOT NULL DEFAULT 0,
  rows_written INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  uses INTEGER NOT NULL DEFAULT 0,
  policy TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  state TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_of_task ON grants (task, id);
CREATE INDEX grants_of_agent ON grants (agent, id);
CREATE INDEX grants_of_resource ON grants (resource, id);
CREATE INDEX grants_by_state ON grants (state, id);
