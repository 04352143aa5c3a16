#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "doors/problem.h"

static void
response_is(struct response *response, int status, const char *headers,
    const char *body)
{
	assert_int_equal(response->status, status);
	assert_string_equal(response->content_type, "application/json");
	assert_string_equal(text_string(&response->headers), headers);
	assert_string_equal(text_string(&response->body), body);
	text_free(&response->headers);
	text_free(&response->body);
}

static void
problem_of_one_sentence(void **state)
{
	struct response response = { 0 };

	(void)state;
	problem_answer(NULL, &response, 404, "Not Found");
	response_is(&response, 404, "", "{\"detail\":\"Not Found\"}");
	problem_answer(NULL, &response, 503, "Later");
	response_is(
	    &response, 503, "Retry-After: 2\r\n", "{\"detail\":\"Later\"}");
}

static void
problem_of_many_faults(void **state)
{
	struct problems problems = { 0 };
	struct response response = { 0 };

	(void)state;
	assert_false(problems_any(&problems));
	problem_add(&problems, "missing", json_pack("[s]", "body"),
	    "Field required", NULL, NULL);
	problem_add(&problems, "string_type",
	    json_pack("[ssi]", "body", "events", 0),
	    "Input should be a valid string", json_integer(7),
	    json_pack("{s:i}", "most", 9));
	assert_true(problems_any(&problems));
	problems_answer(&problems, &response);
	assert_false(problems_any(&problems));
	response_is(&response, 422, "",
	    "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"body\"],"
	    "\"msg\":\"Field required\",\"input\":null},"
	    "{\"type\":\"string_type\",\"loc\":[\"body\",\"events\",0],"
	    "\"msg\":\"Input should be a valid string\",\"input\":7,"
	    "\"ctx\":{\"most\":9}}]}");
}

static void
problem_freed(void **state)
{
	struct problems problems = { 0 };

	(void)state;
	problems_free(&problems);
	problem_add(&problems, "missing", json_pack("[s]", "body"),
	    "Field required", NULL, NULL);
	problems_free(&problems);
	assert_false(problems_any(&problems));
}

static void
json_keeps_order_and_letters(void **state)
{
	struct response response = { 0 };

	(void)state;
	json_answer(&response, 201,
	    json_pack("{s:s, s:i}", "z", "\xc3\xa4/\"", "a", 1));
	response_is(&response, 201, "", "{\"z\":\"\xc3\xa4/\\\"\",\"a\":1}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(problem_of_one_sentence),
		cmocka_unit_test(problem_of_many_faults),
		cmocka_unit_test(problem_freed),
		cmocka_unit_test(json_keeps_order_and_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
