/*
 * accept SOCKET PROCESSES: a FastCGI program that reads a request, answers 202
 * and does nothing.  Beside the ingest pool it is the ceiling of ingest.
 * A thread a connection, since Apache keeps more connections than it uses.
 */
#include <fcgiapp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BACKLOG 1024
#define THREADS 160 /* more than Apache has */

static int listening;

static void *
serve(void *unused)
{
	FCGX_Request request;
	char body[4096];

	(void)unused;
	FCGX_InitRequest(&request, listening, 0);
	while (FCGX_Accept_r(&request) == 0) {
		while (FCGX_GetStr(body, sizeof(body), request.in) > 0)
			;
		FCGX_PutS("Status: 202 Accepted\r\n"
			  "Content-Type: application/json\r\n"
			  "Content-Length: 53\r\n\r\n"
			  "{\"webhook_id\":"
			  "\"01890000-0000-7000-8000-000000000000\"}",
		    request.out);
		FCGX_Finish_r(&request);
	}
	return NULL;
}

static void
serve_all(void)
{
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 1; i < THREADS; i++)
		if (pthread_create(&thread, NULL, serve, NULL) != 0)
			exit(111);
	serve(NULL);
}

int
main(int argc, char **argv)
{
	if (argc != 3 || FCGX_Init() != 0)
		return 100;
	listening = FCGX_OpenSocket(argv[1], BACKLOG);
	if (listening == -1)
		return 111;
	for (int i = 0; i < atoi(argv[2]); i++)
		if (fork() == 0) {
			serve_all();
			return 0;
		}
	puts("listening");
	fflush(stdout);
	return wait(NULL) == -1;
}
