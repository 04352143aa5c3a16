-- A webhook's attempts are asked for by webhook and time, never by id alone: one
-- index answers that instead of two. With a key of the id, the planner at times
-- took the time for what narrows best, and read all of an hour for each webhook.
ALTER TABLE delivery_logs DROP CONSTRAINT delivery_logs_pkey;
DROP INDEX delivery_logs_webhook;
ALTER TABLE delivery_logs ADD PRIMARY KEY (webhook_id, id);
