-- How many bytes of payload a subscription has pending, for ingest, which may
-- read neither. Of more than 10,000 webhooks it is estimated from so many. The
-- length of a payload is told without reading it.
CREATE FUNCTION pending_bytes(subscription uuid) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
	SELECT CASE WHEN count(*) < 10000 THEN coalesce(sum(bytes), 0)::bigint
	    ELSE (sum(bytes) * (SELECT count(*) FROM pending
		WHERE subscription_id = subscription) / 10000)::bigint END
	  FROM (SELECT (SELECT octet_length(w.payload) FROM webhooks w
		 WHERE w.id = p.webhook_id) AS bytes
	     FROM pending p WHERE p.subscription_id = subscription
	    LIMIT 10000) AS sample
$$;
REVOKE EXECUTE ON FUNCTION pending_bytes(uuid) FROM PUBLIC;

ALTER FUNCTION grant_roles() RENAME TO grant_roles_0012;
CREATE FUNCTION grant_roles() RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
	PERFORM grant_roles_0012();
	IF to_regrole('postrider_serve') IS NOT NULL THEN
		GRANT EXECUTE ON FUNCTION pending_bytes(uuid)
		    TO postrider_serve;
	END IF;
	IF to_regrole('postrider_ingest') IS NOT NULL THEN
		GRANT EXECUTE ON FUNCTION pending_bytes(uuid)
		    TO postrider_ingest;
	END IF;
END
$$;
