#ifndef STORES_DELIVERY_LEASE_H
#define STORES_DELIVERY_LEASE_H
/* A lease as the uuid column holds it: incarnation, sequence, big-endian, so
 * that all leases of an incarnation lie between two values. Shared by the
 * files of delivery.h. */
#include <stdint.h>

#include "ground/uuid.h"
#include "stores/delivery.h"

#define DELIVERY_DEADLINE_MS 5000 /* of claim, pick and settle */

/* A dead letter of each webhook that `logged` ended as Failure. */
#define DELIVERY_DEAD_LETTERS \
	"  INSERT INTO dead_letters (webhook_id, subscription_id, reason," \
	"    failed_at)" \
	"  SELECT webhook_id, subscription_id, " \
	"    coalesce(error, 'no reason on record'), now()" \
	"    FROM logged WHERE final AND outcome = 'Failure' ORDER BY 1" \
	"  ON CONFLICT DO NOTHING"

struct uuid lease_uuid(struct lease lease);
struct lease lease_of_uuid(const struct uuid *uuid);
#endif
