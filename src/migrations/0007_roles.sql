-- Least privilege: what the programs' roles may do, where these exist. The
-- owner migrates; postrider_serve is for what serves and delivers,
-- postrider_purge for the purge.
--
-- `postrider-admin migrate` calls this at its end, each time, since roles may
-- be made later than tables. A migration that makes a table replaces it.
CREATE FUNCTION grant_roles() RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
	hours regclass;
BEGIN
	-- To detach, drop and vacuum an hour takes its owner; so to the purge
	-- belong the two tables that it may drop anyway, and no others.
	IF to_regrole('postrider_purge') IS NOT NULL THEN
		IF NOT pg_has_role('postrider_purge', 'MEMBER') THEN
			RAISE EXCEPTION 'role % is no member of postrider_purge,'
			    ' to which it must hand tables over', current_user
			    USING HINT = format('As a superuser:'
			    ' GRANT postrider_purge TO %I', current_user);
		END IF;
		GRANT USAGE, CREATE ON SCHEMA public TO postrider_purge;
		FOR hours IN
			SELECT oid FROM pg_class
			 WHERE relnamespace = 'public'::regnamespace
			   AND relkind IN ('r', 'p') AND relname ~
			       '^(webhooks|delivery_logs)(_[0-9]{10})?$'
			   AND relowner <> 'postrider_purge'::regrole
		LOOP
			EXECUTE format('ALTER TABLE %s OWNER TO postrider_purge',
			    hours);
		END LOOP;
		ALTER FUNCTION make_partition(text, timestamptz)
		    OWNER TO postrider_purge;
		ALTER FUNCTION ensure_partitions() OWNER TO postrider_purge;
		GRANT SELECT (id, target_url, state, updated_at), DELETE
		    ON subscriptions TO postrider_purge;
		-- One column's UPDATE is what FOR UPDATE asks for.
		GRANT SELECT, UPDATE (lease), DELETE ON pending
		    TO postrider_purge;
		GRANT SELECT, INSERT, UPDATE, DELETE ON stats, partition_notes
		    TO postrider_purge;
		GRANT SELECT (webhook_id), DELETE ON interventions
		    TO postrider_purge;
		GRANT SELECT (subscription_id, key, accepted_at), DELETE
		    ON idempotency TO postrider_purge;
		GRANT SELECT (created_at, used_at), DELETE ON admin_sessions
		    TO postrider_purge;
	END IF;
	-- No DELETE of what is history, no writing of the password, and nothing
	-- of the migrations.
	IF to_regrole('postrider_serve') IS NOT NULL THEN
		GRANT USAGE ON SCHEMA public TO postrider_serve;
		GRANT SELECT, INSERT ON webhooks, delivery_logs
		    TO postrider_serve;
		GRANT SELECT, INSERT, UPDATE ON subscriptions, stats,
		    interventions, idempotency, tokens TO postrider_serve;
		GRANT SELECT, INSERT, UPDATE, DELETE ON pending,
		    admin_sessions, login_failures TO postrider_serve;
		GRANT SELECT ON admin_accounts, csrf_key TO postrider_serve;
		-- New hours are made as the owner of the tables.
		REVOKE EXECUTE ON FUNCTION ensure_partitions(),
		    make_partition(text, timestamptz) FROM PUBLIC;
		GRANT EXECUTE ON FUNCTION ensure_partitions()
		    TO postrider_serve;
	END IF;
END
$$;
