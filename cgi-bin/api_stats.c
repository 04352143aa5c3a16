/* GET /stats: how deliveries went in the last hours, by quarters of an hour. */
#include "api.h"

#include "stores/stats.h"

#define HOURS_MAX 24
#define QUARTERS_AN_HOUR 4

static json_t *
number_or_null(int64_t number)
{
	return number >= 0 ? json_integer(number) : json_null();
}

static void
set_counts(json_t *json, const struct stats *stats)
{
	json_object_set_new(json, "successes", json_integer(stats->successes));
	json_object_set_new(
	    json, "failed_attempts", json_integer(stats->failed_attempts));
	json_object_set_new(json, "failures", json_integer(stats->failures));
}

static json_t *
quarters_json(
    const struct stats_quarter *quarters, int count, struct stats *total)
{
	json_t *list = json_array();

	for (int i = 0; i < count; i++) {
		json_t *json = json_object();

		json_object_set_new(
		    json, "begins_at", api_time(quarters[i].begins_at));
		set_counts(json, &quarters[i].stats);
		json_array_append_new(list, json);
		stats_add(total, &quarters[i].stats);
	}
	return list;
}

static json_t *
stats_json(const struct uuid *subscription,
    const struct stats_quarter *quarters, int count)
{
	struct stats total = { 0 };
	json_t *list = quarters_json(quarters, count, &total);
	json_t *json = json_object();
	int permille = stats_success_permille(&total);

	json_object_set_new(json, "subscription_id",
	    subscription != NULL ? api_uuid(subscription) : json_null());
	json_object_set_new(json, "from", api_time(quarters[0].begins_at));
	set_counts(json, &total);
	json_object_set_new(json, "success_rate",
	    permille >= 0 ? json_real(permille / 1000.0) : json_null());
	json_object_set_new(json, "latency_p50_ms",
	    number_or_null(stats_percentile_ms(&total, 50)));
	json_object_set_new(json, "latency_p95_ms",
	    number_or_null(stats_percentile_ms(&total, 95)));
	json_object_set_new(json, "quarters", list);
	return json;
}

API_HANDLER(api_stats)
{
	struct api *api = context;
	struct problems problems = { 0 };
	struct stats_quarter quarters[STATS_DAY];
	const struct uuid *subscription = NULL;
	struct uuid id;
	int count;

	(void)argument;
	if (api_query_id(&problems, request, "subscription_id", &id))
		subscription = &id;
	count = QUARTERS_AN_HOUR *
	    (int)api_read_number(
		&problems, request, "hours", HOURS_MAX, 1, HOURS_MAX);
	if (api_refused(&problems, response))
		return;
	if (stats_quarters(api->db, subscription, count, quarters) == -1)
		api_fail(api, response);
	else
		json_answer(
		    response, 200, stats_json(subscription, quarters, count));
}
