-- What people do to a webhook, and how long a receiver has only failed.

-- failing_since, failures: since the last success; null and 0 while all is
-- well. restart_after: resumed, and the pending rows up to this id have been
-- made due; null when there is nothing to restart.
ALTER TABLE subscriptions
    ADD failing_since timestamptz,
    ADD failures integer NOT NULL DEFAULT 0,
    ADD restart_after uuid;
ALTER TABLE subscriptions SET (fillfactor = 70);
CREATE INDEX subscriptions_restarting ON subscriptions (id)
    WHERE restart_after IS NOT NULL;

-- One row for each webhook that was cancelled or sent again by a person.
CREATE TABLE interventions (
	webhook_id uuid PRIMARY KEY,
	cancelled_at timestamptz, -- null: it is not, or not any more
	reopened_at timestamptz -- null: never
);

-- When a version-7 id was made (RFC 9562, 5.7), to the millisecond.
CREATE FUNCTION uuid_time(id uuid) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT to_timestamp(('x' || left(replace(id::text, '-', ''), 12))
	    ::bit(48)::bigint / 1000.0)
$$;
