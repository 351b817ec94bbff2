/* open: a loop that is ready to join: metrics, names, arenas, tables. */
#include "base/fault.h"
#include "log/log.h"
#include "run/batch_size.h"
#include "run/loop.h"
#include "run/settings.h"

#include <unistd.h>

static void make_metrics(struct loop *loop)
{
	struct run_metrics *m = &loop->m;
	char labels[METRICS_LABELS_MAX + 1];

	metrics_labels(labels, "service", loop->service->core->name, NULL);
	for (size_t s = 0; s < loop->service->n_sources; s++) {
		char per[METRICS_LABELS_MAX + 1];
		const char *topic = loop->service->sources[s].topic;
		metrics_labels(per, "service", loop->service->core->name, "topic", topic, NULL);
		m->consumed[s] = metrics_counter("openitem_messaging_consumed_messages_total", "Records committed.", per);
		metrics_labels(per, "consumergroup", loop->group, "topic", topic, NULL);
		m->lag[s] = metrics_gauge("openitem_kafka_consumer_lag_records", "Records between our positions and the log ends.",
					  per);
	}
	m->outcomes = metrics_counter("openitem_messaging_sent_messages_total", "Outcomes decided.", labels);
	m->duplicates = metrics_counter("openitem_events_duplicate_total", "Inputs met before, ignored.", labels);
	m->dead_letters = metrics_counter("openitem_events_dead_lettered_total", "Inputs refused at the gate.", labels);
	m->skipped =
		metrics_counter("openitem_events_skipped_total", "Inner records seen before by their sequence number.", labels);
	m->batches = metrics_counter("openitem_batches_total", "Transactions over pending records.", labels);
	m->batch_seconds = metrics_histogram("openitem_batch_duration_seconds", "Decode to commit.", labels, NULL, 0);
	m->retries = metrics_counter("openitem_batch_late_loads_total", "Loads of rows that want did not name.", labels);
	m->fenced = metrics_counter("openitem_batches_fenced_total", "Batches dropped because a lane has another owner.", labels);
	m->reloads = metrics_counter("openitem_lane_reloads_total", "Readings of lane state from the database.", labels);
	m->lanes = metrics_gauge("openitem_kafka_consumer_assigned_partitions", "Lanes owned.", labels);
	m->lanes_stopped = metrics_gauge("openitem_lanes_stopped", "Lanes that stopped and wait for a person.", labels);
	m->outbox_pending = metrics_gauge("openitem_outbox_pending_records", "Outcomes not acknowledged by Kafka.", labels);
	loop->ready_postgres = metrics_check("postgres");
	loop->ready_kafka = metrics_check("kafka");
	loop->ready_assignment = metrics_check("assignment");
}

static void bus_said(int level, const char *facility, const char *line)
{
	log_line(level <= 3 ? LOG_WARN : LOG_DEBUG, "librdkafka", LOG_S("facility", facility), LOG_S("line", line));
}

bool run_open(struct loop *loop, const struct run_settings *s, struct err *err)
{
	const struct run_service *service = loop->service;

	snprintf(loop->group, sizeof(loop->group), "openitem-%s", service->core->name);
	snprintf(loop->client, sizeof(loop->client), "openitem-%s-%s", service->core->name, s->instance);
	snprintf(loop->instance, sizeof(loop->instance), "%s-%s", service->core->name, s->instance);
	snprintf(loop->owner, sizeof(loop->owner), "%s pid %d", loop->client, (int)getpid());
	loop->bus_conf = (struct bus_conf){ .brokers = s->brokers,
					    .client_id = loop->client,
					    .group = loop->group,
					    .instance_id = loop->instance,
					    .log = bus_said };
	loop->lanes = (int32_t)s->lanes;
	loop->batch_max = s->batch_max;
	loop->batch_size = MIN((int64_t)BATCH_SIZE_FIRST, s->batch_max);
	loop->conninfo = s->database;
	loop->arena = arena_new(BATCH_BYTES_SOFT, BATCH_BYTES_HARD);
	loop->pending = calloc(PENDING_MAX, sizeof(*loop->pending));
	loop->n_tables = service->core->n_tables + RUN_TABLES_N;
	loop->tables = calloc(loop->n_tables, sizeof(*loop->tables));
	loop->lane = calloc(LANES_OWNED_MAX, sizeof(*loop->lane));
	loop->backoff_ms = BACKOFF_MIN_MS;
	CHECK(loop->pending != NULL && loop->tables != NULL && loop->lane != NULL);
	memcpy(loop->tables, service->core->tables, service->core->n_tables * sizeof(*loop->tables));
	memcpy(loop->tables + service->core->n_tables, run_tables, sizeof(run_tables));
	loop_find_topics(loop);
	make_metrics(loop);
	if (service->gate != NULL && s->redis[0] != '\0' &&
	    !seen_open(&(struct seen_conf){ .address = s->redis, .user = s->redis_user, .password = s->redis_password }, err,
		       &loop->seen))
		return false;
	FAILPOINT("start.opened");
	return true;
}
