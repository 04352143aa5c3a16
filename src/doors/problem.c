#include "doors/problem.h"

#include <stdlib.h>

static int
add_chunk(const char *bytes, size_t length, void *text)
{
	text_add(text, bytes, length);
	return 0;
}

void
json_answer(struct response *response, int status, json_t *value)
{
	response->status = status;
	response->content_type = "application/json";
	text_clear(&response->body);
	json_dump_callback(
	    value, add_chunk, &response->body, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(value);
}

void
problem_answer(const struct request *request, struct response *response,
    int status, const char *detail)
{
	(void)request;
	if (status == 503)
		response_header(response, "Retry-After", "2");
	json_answer(response, status, json_pack("{s:s}", "detail", detail));
}

void
problem_add(struct problems *problems, const char *type, json_t *loc,
    const char *message, json_t *input, json_t *ctx)
{
	json_t *problem = json_pack("{s:s, s:o, s:s, s:o}", "type", type, "loc",
	    loc, "msg", message, "input", input != NULL ? input : json_null());

	if (ctx != NULL)
		json_object_set_new(problem, "ctx", ctx);
	if (problems->list == NULL)
		problems->list = json_array();
	json_array_append_new(problems->list, problem);
}

bool
problems_any(const struct problems *problems)
{
	return problems->list != NULL;
}

void
problems_answer(struct problems *problems, struct response *response)
{
	json_answer(
	    response, 422, json_pack("{s:o}", "detail", problems->list));
	problems->list = NULL;
}

void
problems_free(struct problems *problems)
{
	json_decref(problems->list);
	problems->list = NULL;
}
