-- How many deliveries by Postrider led to this webhook: 0 when a producer sent
-- it. See src/rules/request_fields.h.
ALTER TABLE webhooks ADD hops smallint NOT NULL DEFAULT 0;
