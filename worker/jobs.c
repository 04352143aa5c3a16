#include "delivery.h"

#include <stdlib.h>

void
jobs_add(struct jobs *jobs, struct job *job)
{
	job->next = NULL;
	if (jobs->first == NULL)
		jobs->first = job;
	else
		jobs->last->next = job;
	jobs->last = job;
	jobs->count++;
}

struct job *
jobs_take(struct jobs *jobs)
{
	struct job *job = jobs->first;

	if (job == NULL)
		return NULL;
	jobs->first = job->next;
	jobs->count--;
	job->next = NULL;
	return job;
}

void
job_free(struct job *job)
{
	claimed_release(job->claimed);
	free(job->claimed);
	text_free(&job->signatures);
	text_free(&job->answer.headers);
	text_free(&job->answer.body);
	free(job);
}

void
jobs_put_back(struct jobs *to, struct jobs *from)
{
	if (from->first == NULL)
		return;
	from->last->next = to->first;
	if (to->first == NULL)
		to->last = from->last;
	to->first = from->first;
	to->count += from->count;
	*from = (struct jobs){ 0 };
}
