#include "doors/body.h"

#include <strings.h>

#include "doors/problem.h"
#include "ground/config.h"

int
body_refusal(const struct request *request)
{
	switch (request->body_state) {
	case BODY_TOO_LARGE: return 413;
	case BODY_CUT: return 400;
	case BODY_NONE:
	case BODY_COMING:
	case BODY_WHOLE: break;
	}
	return 0;
}

static void
refuse_large(const struct request *request, struct response *response)
{
	struct text detail = { 0 };

	text_addf(&detail, "Request body over MAX_PAYLOAD_BYTES (%lld bytes)",
	    (long long)config.max_payload_bytes);
	problem_answer(request, response, 413, text_string(&detail));
	text_free(&detail);
}

static void
refuse_coding(const struct request *request, struct response *response)
{
	response_header(response, "Accept-Encoding", "identity");
	problem_answer(request, response, 415,
	    "Send the body uncompressed: a Content-Encoding is not supported");
}

static bool
is_coded(const struct request *request)
{
	const char *coding = request_variable(request, "HTTP_CONTENT_ENCODING");

	return coding != NULL && coding[0] != '\0' &&
	    strcasecmp(coding, "identity") != 0;
}

bool
body_admits(const struct request *request, struct response *response)
{
	switch (body_refusal(request)) {
	case 0: break;
	case 413: refuse_large(request, response); return false;
	default:
		problem_answer(
		    request, response, 400, "Request body ended early");
		return false;
	}
	if (!is_coded(request))
		return true;
	refuse_coding(request, response);
	return false;
}
