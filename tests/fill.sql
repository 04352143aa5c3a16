-- A million rows of log, as six hours of 2,000 subscriptions leave them: 250,000
-- webhooks of four attempts, every tenth a Failure, a quarter of all for one
-- subscription. 40,000 more are pending, of which 20,000 are held.  The newest
-- are of the first minutes of an hour, when an index of it may look as small as
-- any other.  For tests/pages.bats; as superuser, in an empty database that
-- serves.
SET synchronous_commit = off;
SET client_min_messages = warning;

SELECT make_partition(parent, now() - hours * interval '1 hour')
  FROM unnest(ARRAY['webhooks', 'delivery_logs']) AS parent,
       generate_series(0, 7) AS hours \g /dev/null

-- The id of the n-th of a kind, made at that moment.
CREATE FUNCTION pg_temp.nth(kind text, n bigint, moment timestamptz)
RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
	SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0')
	    || '7' || substr(md5(kind || n), 1, 3) ||
	    '8' || substr(md5(kind || n), 4, 15))::uuid
$$;

CREATE TEMP TABLE receivers AS
SELECT n, pg_temp.nth('subscription', n, now() - interval '1 day') AS id
  FROM generate_series(0, 1999) AS n;
CREATE UNIQUE INDEX ON receivers (n);

INSERT INTO subscriptions (id, target_url, state, state_reason, failing_since,
    failures, failing_reason, events)
SELECT id, 'http://receiver-' || n || '.example.com/hooks/incoming?shop=' || n,
    CASE WHEN n % 50 = 1 THEN 'paused' WHEN n % 100 = 2 THEN 'disabled'
      ELSE 'active' END,
    CASE WHEN n % 100 = 2 THEN 'answered 410 Gone' END,
    CASE WHEN n % 10 = 3 THEN now() - n * interval '11 seconds' END,
    CASE WHEN n % 10 = 3 THEN n ELSE 0 END,
    CASE WHEN n % 10 = 3 THEN 'connection refused' END,
    CASE WHEN n % 4 = 0 THEN ARRAY['order.created', 'order.paid'] END
  FROM receivers;

CREATE TEMP TABLE sent AS
SELECT w.n, pg_temp.nth('webhook', w.n, at) AS id, at, r.id AS subscription_id, r.n AS r
  FROM (SELECT n, date_trunc('hour', now() - interval '3 minutes') -
            interval '5 hours 56 minutes' + n * interval '86 ms' AS at,
          CASE WHEN n % 4 = 0 THEN 0 ELSE n * 919 % 2000 END AS r
          FROM generate_series(1, 250000) AS n) w
  JOIN receivers r ON r.n = w.r
 ORDER BY w.n;

INSERT INTO webhooks (id, subscription_id, event_type, content_type, payload,
    filtered)
SELECT id, subscription_id,
    (ARRAY['order.created', 'order.paid', 'order.sent', NULL])[n % 4 + 1],
    'application/json', convert_to('{"order": ' || n || '}', 'UTF8'), false
  FROM sent ORDER BY n;

INSERT INTO delivery_logs (id, webhook_id, subscription_id, target_url,
    attempt_number, outcome, final, status_code, error, duration_ms,
    response_headers, response_body)
SELECT (lpad(to_hex((extract(epoch FROM at + number * interval '5 s') * 1000)
      ::bigint), 12, '0') || right(replace(id::text, '-', ''), 20))::uuid, id,
    subscription_id, 'http://receiver-' || r || '.example.com/hooks/incoming',
    number, outcome, number = 4,
    CASE outcome WHEN 'Success' THEN 200 ELSE 503 END,
    CASE outcome WHEN 'Success' THEN NULL ELSE 'HTTP 503' END, n % 1000,
    'content-type: text/plain', '\x6f6b'
  FROM sent, generate_series(1, 4) AS number, LATERAL (SELECT CASE
    WHEN number < 4 THEN 'Failed Attempt' WHEN n % 10 = 0 THEN 'Failure'
    ELSE 'Success' END AS outcome) o
 ORDER BY n, number;

INSERT INTO dead_letters (webhook_id, subscription_id, reason, failed_at)
SELECT id, subscription_id,
    (ARRAY['HTTP 503', 'connection refused', 'timed out after 5.0 s'])[n % 3 + 1],
    at + interval '20 s'
  FROM sent WHERE n % 10 = 0;

-- Of paused ones, due long ago; of active ones, due later.
INSERT INTO pending (webhook_id, subscription_id, due_at, attempts)
SELECT pg_temp.nth('pending', s.n, at), r.id,
    CASE WHEN s.n <= 20000 THEN at ELSE now() + s.n * interval '1 s' END, 0
  FROM generate_series(1, 40000) AS s (n)
  JOIN receivers r ON r.n = CASE WHEN s.n <= 20000 THEN 50 * (s.n % 40) + 1
    ELSE 50 * (s.n % 40) + 4 END,
  LATERAL (SELECT now() - interval '2 hours' + s.n * interval '100 ms' AS at) w;
INSERT INTO webhooks (id, subscription_id, payload, filtered)
SELECT webhook_id, subscription_id, '{}', false FROM pending;

INSERT INTO interventions (webhook_id, cancelled_at)
SELECT id, now() FROM sent WHERE n % 500 = 1;

INSERT INTO stats (subscription_id, quarter, successes, failed_attempts,
    failures, latency)
SELECT id, date_bin('15 minutes', now(), '2000-01-01T00:00:00Z') -
      quarters * interval '15 minutes',
    10 + (n + quarters) % 7, n % 3, n % 2,
    ARRAY[0, 0, 0, 2, 4, 5, 3, 1, 0, 0, 0, 0, 0]
  FROM receivers, generate_series(0, 95) AS quarters;

ANALYZE;
