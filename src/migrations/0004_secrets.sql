-- Secrets at rest are sealed (src/rules/seal.h) and rotate; producers may be
-- asked to sign.

-- secrets: sealed, the newest first; null: unsigned. secrets_until: of each,
-- null for the newest, and when an older one ends. secrets_version: another
-- one whenever the secrets or verify_ingest change.
--
-- The old column is clear text, which SQL cannot seal: `postrider-admin
-- migrate` does it, and drops the column.
ALTER TABLE subscriptions
    ADD secrets text[],
    ADD secrets_until timestamptz[],
    ADD secrets_version bigint NOT NULL DEFAULT 1,
    ADD verify_ingest text
	CHECK (verify_ingest IN ('standard-webhooks', 'hmac-sha256-hex'));
