-- Who may come in: enrolled keys (digests and verifiers, never the keys), suspended agents, people's sessions. Times are
-- milliseconds since 1970.
CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE agent_keys (
  id TEXT PRIMARY KEY,
  agent TEXT NOT NULL,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  scram_salt BLOB NOT NULL,
  scram_iterations INTEGER NOT NULL,
  scram_stored_key BLOB NOT NULL CHECK (length(scram_stored_key) = 32),
  scram_server_key BLOB NOT NULL CHECK (length(scram_server_key) = 32),
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER,
  revoked_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_keys_of_agent ON agent_keys (agent, created_ms);

CREATE TABLE agent_suspensions (
  agent TEXT PRIMARY KEY,
  suspended_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE people_sessions (
  id TEXT PRIMARY KEY,
  person TEXT NOT NULL,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  note TEXT NOT NULL,
  person_groups TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX people_sessions_of_person ON people_sessions (person, created_ms);
CREATE INDEX people_sessions_by_expiry ON people_sessions (expires_ms);
