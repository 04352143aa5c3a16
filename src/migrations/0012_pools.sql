-- A role for each kind of process, so that one cannot do what only another
-- needs: ingest writes no session and no token, and reads no webhook.
-- postrider_serve stays, for what has no URL of its own.

ALTER FUNCTION grant_roles() RENAME TO grant_roles_0011;

-- What the API, the admin pages and the delivery share: webhooks and what
-- becomes of them.
CREATE FUNCTION grant_work(role regrole) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
	EXECUTE format('GRANT SELECT, INSERT ON webhooks, delivery_logs,
	    stats_totals TO %s', role);
	EXECUTE format('GRANT SELECT, INSERT, UPDATE ON subscriptions, stats,
	    interventions TO %s', role);
	EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON pending TO %s',
	    role);
	EXECUTE format('GRANT SELECT, INSERT, DELETE ON dead_letters TO %s',
	    role);
END
$$;

CREATE FUNCTION grant_roles() RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
	pool regrole;
	checks CONSTANT text := 'id, hash, scopes, subscription_id,'
	    ' expires_at, revoked_at, last_used_at';
BEGIN
	PERFORM grant_roles_0011();
	FOR pool IN SELECT oid FROM pg_roles WHERE rolname IN (
	    'postrider_ingest', 'postrider_api', 'postrider_admin',
	    'postrider_delivery')
	LOOP
		EXECUTE format('GRANT USAGE ON SCHEMA public TO %s', pool);
		EXECUTE format(
		    'GRANT EXECUTE ON FUNCTION ensure_partitions() TO %s', pool);
	END LOOP;
	IF to_regrole('postrider_ingest') IS NOT NULL THEN
		GRANT SELECT ON subscriptions TO postrider_ingest;
		GRANT INSERT ON webhooks, pending TO postrider_ingest;
		GRANT SELECT, INSERT, UPDATE ON idempotency
		    TO postrider_ingest;
	END IF;
	IF to_regrole('postrider_api') IS NOT NULL THEN
		PERFORM grant_work('postrider_api');
	END IF;
	-- To check a token, and note that it was used.
	FOR pool IN SELECT oid FROM pg_roles WHERE rolname IN (
	    'postrider_ingest', 'postrider_api')
	LOOP
		EXECUTE format('GRANT SELECT (%s), UPDATE (last_used_at)
		    ON tokens TO %s', checks, pool);
	END LOOP;
	IF to_regrole('postrider_admin') IS NOT NULL THEN
		PERFORM grant_work('postrider_admin');
		GRANT SELECT, INSERT, UPDATE ON tokens TO postrider_admin;
		GRANT SELECT, INSERT, UPDATE, DELETE ON admin_sessions,
		    login_failures, admin_devices TO postrider_admin;
		GRANT SELECT ON admin_accounts, csrf_key TO postrider_admin;
	END IF;
	IF to_regrole('postrider_delivery') IS NOT NULL THEN
		PERFORM grant_work('postrider_delivery');
	END IF;
END
$$;
