-- Browsers that have logged in have a throttle of their own, so that whoever
-- guesses from elsewhere does not keep them out. Of the cookie's id only its
-- SHA-256 is here, in hexadecimal.
CREATE TABLE admin_devices (
	id_hash text PRIMARY KEY,
	used_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	failures integer NOT NULL DEFAULT 0, -- in a row
	free_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX admin_devices_used ON admin_devices (used_at);

-- What is old is found without reading what is not.
CREATE INDEX login_failures_free ON login_failures (free_at);

ALTER FUNCTION grant_roles() RENAME TO grant_roles_0008;
CREATE FUNCTION grant_roles() RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
	PERFORM grant_roles_0008();
	IF to_regrole('postrider_purge') IS NOT NULL THEN
		GRANT SELECT (free_at), DELETE ON login_failures
		    TO postrider_purge;
		GRANT SELECT (used_at), DELETE ON admin_devices
		    TO postrider_purge;
	END IF;
	IF to_regrole('postrider_serve') IS NOT NULL THEN
		GRANT SELECT, INSERT, UPDATE, DELETE ON admin_devices
		    TO postrider_serve;
	END IF;
END
$$;
