#ifndef DOORS_BODY_H
#define DOORS_BODY_H
/*
 * Whether a request's body can be read at all: what every handler that takes
 * one asks first.
 */
#include "doors/http.h"

/* 0, or the status that refuses it: 400 it is incomplete, 413 it is over
 * MAX_PAYLOAD_BYTES. */
int body_refusal(const struct request *request);

/* The same for JSON: true, or it was answered. A Content-Encoding other than
 * identity is 415 too, with Accept-Encoding (RFC 9110, 15.5.16). */
bool body_admits(const struct request *request, struct response *response);
#endif
