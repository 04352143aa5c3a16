-- What the screens read: how long attempts take, what ended in Failure, and
-- lists that no scan makes.

-- latency: attempts by how long they took; the bounds are in stores/stats.h.
ALTER TABLE stats ADD latency integer[] NOT NULL
    DEFAULT array_fill(0, ARRAY[13]);
CREATE INDEX stats_quarter ON stats (quarter);

-- The sums of quarters that are over, without a gap up to the newest: so a
-- chart of all subscriptions reads one row a quarter.
CREATE TABLE stats_totals (
	quarter timestamptz PRIMARY KEY,
	successes bigint NOT NULL,
	failed_attempts bigint NOT NULL,
	failures bigint NOT NULL,
	latency bigint[] NOT NULL
);

-- Since the attempt began; null: not reached, or over a kept connection.
-- signatures: webhook-signature as it was sent.
ALTER TABLE delivery_logs
    ADD dns_us integer,
    ADD connect_us integer,
    ADD tls_us integer,
    ADD first_byte_us integer,
    ADD signatures text;
CREATE INDEX delivery_logs_failures ON delivery_logs (id)
    WHERE outcome <> 'Success';

CREATE INDEX webhooks_subscription ON webhooks (subscription_id, id);

-- One row exactly while a webhook's outcome is Failure: sending it again takes
-- the row away.
CREATE TABLE dead_letters (
	webhook_id uuid PRIMARY KEY,
	subscription_id uuid NOT NULL,
	reason text NOT NULL,
	failed_at timestamptz NOT NULL
);
CREATE INDEX dead_letters_group
    ON dead_letters (subscription_id, reason, webhook_id);
CREATE INDEX dead_letters_subscription
    ON dead_letters (subscription_id, webhook_id);

INSERT INTO dead_letters
SELECT l.webhook_id, l.subscription_id, coalesce(l.error, 'no reason on record'),
    uuid_time(l.id)
  FROM (SELECT DISTINCT ON (webhook_id) * FROM delivery_logs WHERE final
         ORDER BY webhook_id, attempt_number DESC, id DESC) l
 WHERE l.outcome = 'Failure'
   AND NOT EXISTS (SELECT FROM pending p WHERE p.webhook_id = l.webhook_id)
   AND NOT EXISTS (SELECT FROM interventions i
     WHERE i.webhook_id = l.webhook_id AND i.cancelled_at IS NOT NULL);

-- Why, of the newest failure since failing_since.
ALTER TABLE subscriptions ADD failing_reason text;
CREATE INDEX subscriptions_failing ON subscriptions (failing_since)
    WHERE failing_since IS NOT NULL AND state <> 'deleted';

ALTER FUNCTION grant_roles() RENAME TO grant_roles_0007;
CREATE FUNCTION grant_roles() RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
	PERFORM grant_roles_0007();
	IF to_regrole('postrider_purge') IS NOT NULL THEN
		GRANT SELECT, INSERT, DELETE ON dead_letters TO postrider_purge;
		GRANT SELECT, DELETE ON stats_totals TO postrider_purge;
	END IF;
	IF to_regrole('postrider_serve') IS NOT NULL THEN
		GRANT SELECT, INSERT, DELETE ON dead_letters TO postrider_serve;
		GRANT SELECT, INSERT ON stats_totals TO postrider_serve;
	END IF;
END
$$;
