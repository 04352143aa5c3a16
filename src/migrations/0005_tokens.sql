-- Who may ask. Of a token there is the SHA-256 alone, so that a dump opens
-- nothing. No index on last_used_at: that update stays HOT.
CREATE TABLE tokens (
	id uuid PRIMARY KEY,
	name text NOT NULL,
	hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
	scopes text[] NOT NULL CHECK (cardinality(scopes) > 0 AND
	    scopes <@ ARRAY['read', 'write', 'ingest']),
	-- null: every subscription
	subscription_id uuid
	    CHECK (subscription_id IS NULL OR scopes = ARRAY['ingest']),
	created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	expires_at timestamptz, -- null: never
	last_used_at timestamptz, -- to the minute; null: never
	revoked_at timestamptz
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX tokens_name ON tokens (name) WHERE revoked_at IS NULL;
