#ifndef STORES_DELIVERY_LEASE_H
#define STORES_DELIVERY_LEASE_H
/* A lease as the uuid column holds it: incarnation, sequence, big-endian, so
 * that all leases of an incarnation lie between two values. Shared by the
 * files of delivery.h. */
#include <stdint.h>

#include "ground/uuid.h"
#include "stores/delivery.h"

#define DELIVERY_DEADLINE_MS 5000 /* of claim, pick and settle */

struct uuid lease_uuid(struct lease lease);
struct lease lease_of_uuid(const struct uuid *uuid);
#endif
