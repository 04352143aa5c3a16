-- A resume makes due what was not attempted since. attempted_at: when the last
-- attempt that failed was stored; null: none was. resumed_at: the last resume.
ALTER TABLE pending ADD attempted_at timestamptz;
ALTER TABLE subscriptions ADD resumed_at timestamptz;
