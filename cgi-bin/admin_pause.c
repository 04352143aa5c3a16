/* A subscription's webhooks are held, and let go again. */
#include <string.h>

#include "admin.h"

/* Moves it by `move`; it is `wanted` now, or somebody was first. */
static void
move_subscription(const struct request *request, struct response *response,
    const char *argument, const struct admin *admin, const char *wanted,
    int (*move)(struct db *, const struct uuid *, struct subscription *),
    const char *done)
{
	struct subscription moved = { 0 };
	struct uuid id;
	int rc;

	if (!admin_path_id(request, response, argument, &id))
		return;
	rc = move(admin->db, &id, &moved);
	cache_remove(admin->cache, &id);
	if (rc == -1)
		admin_failed(request, response, admin);
	else if (rc == 0)
		admin_refuse(request, response, 404, NULL);
	else if (strcmp(moved.state, wanted) != 0)
		admin_refuse(request, response, 409,
		    "The subscription was disabled meanwhile, so it cannot be "
		    "paused. Its page says why.");
	else
		admin_redirect_done(response, &id, done);
	subscription_release(&moved);
}

void
admin_pause(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	move_subscription(request, response, argument, context, "paused",
	    subscription_pause, "paused");
}

void
admin_resume(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	move_subscription(request, response, argument, context, "active",
	    subscription_resume, "resumed");
}
