-- Operations on hold. Every change adds one to version and names the one it read. At most one is live for one exact operation.
CREATE TABLE approvals (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  digest TEXT NOT NULL,
  operation TEXT NOT NULL,
  session TEXT NOT NULL,
  grant_id TEXT NOT NULL,
  task TEXT NOT NULL,
  agent TEXT NOT NULL,
  resource TEXT NOT NULL,
  owner TEXT NOT NULL,
  on_behalf_of TEXT NOT NULL,
  quorum INTEGER NOT NULL CHECK (quorum > 0),
  uses_left INTEGER NOT NULL CHECK (uses_left >= 0),
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  decided_ms INTEGER,
  votes TEXT NOT NULL,
  facts TEXT NOT NULL,
  ending TEXT NOT NULL,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX approvals_live ON approvals (digest) WHERE state IN ('pending', 'approved');
CREATE INDEX approvals_by_state ON approvals (state, expires_ms);
CREATE INDEX approvals_denied ON approvals (operation, decided_ms) WHERE state = 'denied';
CREATE INDEX approvals_of_task ON approvals (task, id);
