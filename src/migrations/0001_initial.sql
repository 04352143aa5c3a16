-- The truth: see the states in src/stores/delivery.h.

-- The least UUIDv7 of a moment: ids of that time or later are not below it.
CREATE FUNCTION uuid_at(moment timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint),
	    12, '0') || repeat('0', 20))::uuid
$$;

-- A UUIDv7 (RFC 9562) of now, for rows that SQL itself makes.
CREATE FUNCTION uuid_new() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
	SELECT (lpad(to_hex(floor(extract(epoch FROM clock_timestamp())
	    * 1000)::bigint), 12, '0') || '7' ||
	    substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid
$$;

CREATE TABLE subscriptions (
	id uuid PRIMARY KEY,
	target_url text NOT NULL,
	secret text,
	events text[],
	state text NOT NULL DEFAULT 'active'
	    CHECK (state IN ('active', 'paused', 'disabled', 'deleted')),
	state_reason text,
	created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX subscriptions_shown ON subscriptions (id)
    WHERE state <> 'deleted';
CREATE INDEX subscriptions_deleted ON subscriptions (id)
    WHERE state = 'deleted';

CREATE TABLE webhooks (
	id uuid PRIMARY KEY,
	subscription_id uuid NOT NULL,
	event_type text,
	signature text,
	content_type text,
	payload bytea NOT NULL,
	filtered boolean NOT NULL
) PARTITION BY RANGE (id);

-- The outbox. The lease is in no index, so that a claim stays HOT.
CREATE TABLE pending (
	webhook_id uuid PRIMARY KEY,
	subscription_id uuid NOT NULL,
	due_at timestamptz NOT NULL,
	lease uuid,
	attempts integer NOT NULL DEFAULT 0,
	retries integer NOT NULL DEFAULT 0,
	interruptions integer NOT NULL DEFAULT 0
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_cost_delay = 0);
CREATE INDEX pending_due ON pending (due_at);
CREATE INDEX pending_subscription ON pending (subscription_id, due_at);

CREATE TABLE delivery_logs (
	id uuid PRIMARY KEY,
	webhook_id uuid NOT NULL,
	subscription_id uuid NOT NULL,
	target_url text NOT NULL,
	attempt_number integer NOT NULL,
	outcome text NOT NULL
	    CHECK (outcome IN ('Success', 'Failed Attempt', 'Failure')),
	final boolean NOT NULL,
	status_code integer,
	error text,
	duration_ms integer,
	response_headers text,
	response_body bytea
) PARTITION BY RANGE (id);
CREATE INDEX delivery_logs_webhook ON delivery_logs (webhook_id);
CREATE INDEX delivery_logs_subscription
    ON delivery_logs (subscription_id, id);

CREATE TABLE stats (
	subscription_id uuid,
	quarter timestamptz,
	successes integer NOT NULL,
	failed_attempts integer NOT NULL,
	failures integer NOT NULL,
	PRIMARY KEY (subscription_id, quarter)
) WITH (fillfactor = 70);

-- How many rows a closed partition holds, so that the purge need not count.
CREATE TABLE partition_notes (
	partition text PRIMARY KEY,
	rows bigint NOT NULL
);

-- One hour of one table. CREATE and ATTACH, not CREATE ... PARTITION OF,
-- which would stop every insert meanwhile.
CREATE FUNCTION make_partition(parent text, moment timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET timezone = 'UTC' AS $$
DECLARE
	start timestamptz := date_trunc('hour', moment);
	name text := parent || to_char(start, '_YYYYMMDDHH24');
BEGIN
	IF parent NOT IN ('webhooks', 'delivery_logs') THEN
		RAISE EXCEPTION 'no partitioned table: %', parent;
	END IF;
	IF to_regclass(name) IS NOT NULL THEN
		RETURN;
	END IF;
	EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', name,
	    parent);
	EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I'
	    ' FOR VALUES FROM (%L) TO (%L)', parent, name, uuid_at(start),
	    uuid_at(start + interval '1 hour'));
END
$$;

-- The last hour to a day ahead, of both tables.
CREATE FUNCTION ensure_partitions() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
	hours integer;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('postrider partitions'));
	FOR hours IN -1..24 LOOP
		PERFORM make_partition('webhooks',
		    clock_timestamp() + hours * interval '1 hour');
		PERFORM make_partition('delivery_logs',
		    clock_timestamp() + hours * interval '1 hour');
	END LOOP;
END
$$;

SELECT ensure_partitions();
