/* GET /webhooks: what was accepted, newest first, by what is asked for. */
#include "api.h"

#include <stdlib.h>

#define PAGE_DEFAULT 20
#define PAGE_MAX 100

/* What a query asks for; the filter borrows from the rest. */
struct list_input {
	struct webhook_filter filter;
	struct uuid subscription, cursor;
	char *event_type;
	bool goes_on;
	int limit;
};

static void
input_read(struct problems *problems, const struct request *request,
    struct list_input *input)
{
	input->filter.state = api_query_state(problems, request, "outcome",
	    "'pending', 'Success', 'Failure', 'filtered' or 'Cancelled'");
	if (api_query_id(
		problems, request, "subscription_id", &input->subscription))
		input->filter.subscription = &input->subscription;
	input->event_type = api_query_string(problems, request, "event_type");
	input->filter.event_type = input->event_type;
	input->filter.from_ms = api_query_time(problems, request, "from");
	input->filter.to_ms = api_query_time(problems, request, "to");
	input->limit = (int)api_read_number(
	    problems, request, "limit", PAGE_DEFAULT, 1, PAGE_MAX);
	input->goes_on =
	    api_query_id(problems, request, "cursor", &input->cursor);
}

static json_t *
line_json(const struct webhook_line *line)
{
	bool pending = line->state == WEBHOOK_PENDING;
	json_t *json = json_object();

	json_object_set_new(json, "id", api_uuid(&line->id));
	json_object_set_new(
	    json, "subscription_id", api_uuid(&line->subscription_id));
	json_object_set_new(json, "target_url", api_string(line->target_url));
	json_object_set_new(json, "event_type", api_string(line->event_type));
	json_object_set_new(json, "state",
	    api_string(pending && line->in_flight
		    ? "in_flight"
		    : webhook_state_name(line->state)));
	json_object_set_new(json, "accepted_at", api_time(line->accepted_at));
	json_object_set_new(
	    json, "due_at", pending ? api_time(line->due_at) : json_null());
	json_object_set_new(json, "attempts", json_integer(line->attempts));
	json_object_set_new(json, "last_status_code",
	    line->status_code != 0 ? json_integer(line->status_code)
				   : json_null());
	json_object_set_new(json, "error", api_string(line->error));
	json_object_set_new(json, "duration_ms",
	    line->duration_ms >= 0 ? json_integer(line->duration_ms)
				   : json_null());
	return json;
}

static json_t *
page_json(const struct webhook_page *page)
{
	json_t *json = json_object(), *lines = json_array();

	for (int i = 0; i < page->count; i++)
		json_array_append_new(lines, line_json(&page->lines[i]));
	json_object_set_new(json, "webhooks", lines);
	json_object_set_new(json, "next_cursor",
	    page->more ? api_uuid(&page->next) : json_null());
	return json;
}

API_HANDLER(api_webhook_list)
{
	struct api *api = context;
	struct problems problems = { 0 };
	struct list_input input = { 0 };
	struct webhook_page page = { 0 };
	int rc;

	(void)argument;
	input_read(&problems, request, &input);
	if (!api_refused(&problems, response)) {
		db_snapshot_begin(api->db);
		rc = webhook_list(api->db, &input.filter,
		    input.goes_on ? &input.cursor : NULL, input.limit, &page);
		db_snapshot_end(api->db);
		if (rc == -1)
			api_fail(api, response);
		else
			json_answer(response, 200, page_json(&page));
		webhook_page_release(&page);
	}
	free(input.event_type);
}
