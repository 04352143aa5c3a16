-- What was accepted under an Idempotency-Key. A key older than a day is
-- replaced by the next use, or purged; a repeat changes no indexed column, so
-- it stays HOT.
CREATE TABLE idempotency (
	subscription_id uuid,
	key text,
	fingerprint bytea NOT NULL,
	webhook_id uuid NOT NULL,
	accepted_at timestamptz NOT NULL,
	PRIMARY KEY (subscription_id, key)
) WITH (fillfactor = 90);
CREATE INDEX idempotency_accepted ON idempotency (accepted_at);
