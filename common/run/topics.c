/* topics: what the topics of a service mean to the loop. */
#include "run/loop.h"
#include "wire/dead.h"
#include "wire/topics.h"
#include "wire/wire.h"

static void find_outputs(struct loop *loop)
{
	loop->output_topic[OUTPUT_ALIGNED] = loop->service->outcome_topic;
	loop->output_topic[OUTPUT_FANOUT] = loop->service->fanout_topic;
	for (size_t s = 0; loop->service->gate != NULL && s < loop->service->n_sources; s++) {
		snprintf(loop->dead_topic[s], sizeof(loop->dead_topic[s]), "%s" WIRE_DEAD_SUFFIX, loop->service->sources[s].topic);
		loop->output_topic[OUTPUT_DEAD + s] = loop->dead_topic[s];
	}
}

void loop_find_topics(struct loop *loop)
{
	find_outputs(loop);
	for (size_t s = 0; s < loop->service->n_sources; s++) {
		const struct wire_topic *t = wire_topic_find(text_of(loop->service->sources[s].topic));
		CHECK(t != NULL);
		loop->source_msg[s] = t->msg;
		loop->source_fanned[s] = t->fanned;
		for (size_t f = 0; f < t->msg->n_fields; f++)
			if (strcmp(t->msg->fields[f].name, "provenance") == 0)
				loop->provenance_at[s] = t->msg->fields[f].at;
	}
}
