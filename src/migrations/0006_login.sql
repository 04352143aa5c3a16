-- Who may use the admin pages: one account, its sessions, its failed log-ins.

CREATE TABLE admin_accounts (
	name text PRIMARY KEY CHECK (name = 'admin'),
	password_hash text NOT NULL, -- as libsodium's crypto_pwhash_str
	changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Of a session's id only its SHA-256 is here, in hexadecimal.
CREATE TABLE admin_sessions (
	id_hash text PRIMARY KEY,
	created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	used_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Failures in a row of the account or of a network, and until when neither
-- may try again. The account's wait bounds the rows that strangers make.
CREATE TABLE login_failures (
	key text PRIMARY KEY, -- 'admin', or a network such as 192.0.2.0/24
	failures integer NOT NULL,
	free_at timestamptz NOT NULL
);

-- What the tokens of forms are made with. Worth nothing without the id of a
-- session, which is in no table.
CREATE TABLE csrf_key (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	key bytea NOT NULL
);
INSERT INTO csrf_key (key) VALUES (sha256(
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) ||
    uuid_send(gen_random_uuid())));
