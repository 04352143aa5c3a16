/*
 * post URL COUNT IN_FLIGHT BODY: a bare loop over libcurl's multi interface
 * that POSTs so often, so many at once.  It is the ceiling of delivery.  Prints
 * JSON: seconds, cpu_seconds of this process, ms (the time of each request).
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "bench.h"

#define WAIT_MS 1000

static CURLM *multi;
static long left;	/* to be begun */
static double *took_ms; /* of those that ended */
static size_t ended;

static void
fail(const char *why)
{
	fprintf(stderr, "post: %s\n", why);
	exit(111);
}

static CURL *
prepare(const char *url, const char *body, struct curl_slist *fields)
{
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		fail("no memory");
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, 30L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	return easy;
}

static void
begin(CURL *easy)
{
	left--;
	if (curl_multi_add_handle(multi, easy) != CURLM_OK)
		fail("cannot begin");
}

static void
end(const CURLMsg *message)
{
	CURL *easy = message->easy_handle;
	curl_off_t us = 0;
	long status = 0;

	if (message->data.result != CURLE_OK)
		fail(curl_easy_strerror(message->data.result));
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		fail("it was not answered with 200");
	curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &us);
	took_ms[ended++] = (double)us / 1000;
	curl_multi_remove_handle(multi, easy);
	if (left > 0)
		begin(easy);
}

static void
loop(size_t count)
{
	const CURLMsg *message;
	int unused;

	while (ended < count) {
		if (curl_multi_perform(multi, &unused) != CURLM_OK)
			fail("cannot go on");
		while ((message = curl_multi_info_read(multi, &unused)) != NULL)
			if (message->msg == CURLMSG_DONE)
				end(message);
		if (ended < count &&
		    curl_multi_poll(multi, NULL, 0, WAIT_MS, NULL) != CURLM_OK)
			fail("cannot wait");
	}
}

static double
cpu_seconds(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	    (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

int
main(int argc, char **argv)
{
	struct curl_slist *fields =
	    curl_slist_append(NULL, "Content-Type: application/json");
	double began_cpu;
	int64_t began;
	size_t count;
	long in_flight;

	if (argc != 5)
		return 100;
	count = strtoul(argv[2], NULL, 10);
	in_flight = strtol(argv[3], NULL, 10);
	left = (long)count;
	took_ms = calloc(count, sizeof(*took_ms));
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	if (took_ms == NULL || multi == NULL)
		fail("no memory");
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, in_flight * 2);
	began = now_ns();
	began_cpu = cpu_seconds();
	for (long i = 0; i < in_flight && left > 0; i++)
		begin(prepare(argv[1], argv[4], fields));
	loop(count);
	printf("{\"seconds\": %.6f, \"cpu_seconds\": %.6f, \"ms\": [",
	    (double)(now_ns() - began) / 1e9, cpu_seconds() - began_cpu);
	for (size_t i = 0; i < ended; i++)
		printf(i == 0 ? "%.3f" : ", %.3f", took_ms[i]);
	puts("]}");
	return 0;
}
