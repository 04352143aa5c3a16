-- Producers sign with a secret of their own, and vendors in their own ways.

-- ingest_secrets, ingest_secrets_until: as secrets and secrets_until, see
-- 0004_secrets.sql; what verify_ingest verifies with.
ALTER TABLE subscriptions
    ADD ingest_secrets text[],
    ADD ingest_secrets_until timestamptz[],
    DROP CONSTRAINT subscriptions_verify_ingest_check,
    ADD CONSTRAINT subscriptions_verify_ingest_check
	CHECK (verify_ingest IN ('standard-webhooks', 'hmac-sha256-hex',
	    'github', 'stripe', 'shopify'));

-- Until now both directions had one secret: producers go on with it until
-- their own is set or rotated.
UPDATE subscriptions
   SET ingest_secrets = secrets, ingest_secrets_until = secrets_until,
       secrets_version = secrets_version + 1
 WHERE verify_ingest IS NOT NULL AND state <> 'deleted';

-- The empty secret, which signs nothing, is none.
UPDATE subscriptions SET secrets = NULL, secrets_until = NULL
 WHERE secrets[1] = '';
