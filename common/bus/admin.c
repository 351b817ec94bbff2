/* Topics, log ends, the cluster. Its client is a consumer without a group: a producer's metadata requests create topics. */
#include "bus/bus_priv.h"

#include <time.h>
#include <unistd.h>

#define LEADERS_POLL_US 50000

struct bus_admin {
	struct bus_common common; /* first: librdkafka's opaque pointer */
	rd_kafka_t *rk;
};

bool bus_admin_open(const struct bus_conf *conf, struct err *err, struct bus_admin **ret_admin)
{
	struct bus_admin *a = calloc(1, sizeof(*a));

	CHECK(a != NULL);
	a->rk = bus_client_new(conf, BUS_ROLE_ADMIN, 0, NULL, &a->common, err);
	if (a->rk == NULL) {
		free(a);
		return false;
	}
	*ret_admin = a;
	return true;
}

void bus_admin_close(struct bus_admin *a)
{
	if (a == NULL)
		return;
	rd_kafka_destroy(a->rk);
	free(a);
}

void bus_admin_closep(struct bus_admin **a)
{
	bus_admin_close(*a);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Error callbacks have to be served for the reason to be known. */
static bool failed(struct bus_admin *a, rd_kafka_resp_err_t code, const char *doing, struct err *err)
{
	rd_kafka_poll(a->rk, 0);
	return bus_err(err, code, doing, &a->common);
}

static void metadata_freep(const struct rd_kafka_metadata **metadata)
{
	if (*metadata != NULL)
		rd_kafka_metadata_destroy(*metadata);
}

/* Of all topics: asking for one by name could create it. */
static bool all_topics(struct bus_admin *a, const struct rd_kafka_metadata **ret_metadata, struct err *err)
{
	rd_kafka_resp_err_t code = rd_kafka_metadata(a->rk, 1, NULL, ret_metadata, BUS_WAIT_MS);

	return code == RD_KAFKA_RESP_ERR_NO_ERROR || failed(a, code, "listing topics", err);
}

static const struct rd_kafka_metadata_topic *topic_in(const struct rd_kafka_metadata *metadata, const char *topic)
{
	for (int i = 0; i < metadata->topic_cnt; i++) {
		if (strcmp(metadata->topics[i].topic, topic) == 0 &&
		    metadata->topics[i].err != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
			return &metadata->topics[i];
	}
	return NULL;
}

/* ---- the cluster ---- */

/* What a broker says in inter.broker.protocol.version; brokers of 4.x have no such setting and stay silent. */
static void ask_version(struct bus_admin *a, int broker, int timeout_ms, char *ret, size_t size)
{
	char id[16];

	snprintf(id, sizeof(id), "%d", broker);

	rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_BROKER, id);
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(a->rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(a->rk);

	rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, NULL, 0);
	rd_kafka_DescribeConfigs(a->rk, &resource, 1, options, queue);

	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, timeout_ms);
	const rd_kafka_DescribeConfigs_result_t *result = event == NULL ? NULL : rd_kafka_event_DescribeConfigs_result(event);
	size_t resources_n = 0, entries_n = 0;
	const rd_kafka_ConfigResource_t **resources =
		result == NULL ? NULL : rd_kafka_DescribeConfigs_result_resources(result, &resources_n);
	const rd_kafka_ConfigEntry_t **entries =
		resources_n == 0 ? NULL : rd_kafka_ConfigResource_configs(resources[0], &entries_n);

	for (size_t i = 0; i < entries_n; i++) {
		const char *value = rd_kafka_ConfigEntry_value(entries[i]);

		if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), "inter.broker.protocol.version") == 0 && value != NULL)
			snprintf(ret, size, "%s", value);
	}
	if (event != NULL)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_ConfigResource_destroy(resource);
}

bool bus_cluster_check(struct bus_admin *a, int timeout_ms, struct err *err, struct bus_cluster *ret_cluster)
{
	_cleanup_(metadata_freep) const struct rd_kafka_metadata *metadata = NULL;
	rd_kafka_resp_err_t code = rd_kafka_metadata(a->rk, 0, NULL, &metadata, timeout_ms);

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return failed(a, code, "asking for the cluster", err);
	if (ret_cluster == NULL)
		return true;

	struct bus_cluster cluster = { .brokers = metadata->broker_cnt, .controller_id = -1 };
	char *id = rd_kafka_clusterid(a->rk, timeout_ms);

	if (id != NULL) {
		snprintf(cluster.id, sizeof(cluster.id), "%s", id);
		rd_kafka_mem_free(a->rk, id);
	}
	cluster.controller_id = rd_kafka_controllerid(a->rk, timeout_ms);
	if (metadata->broker_cnt > 0)
		ask_version(a, metadata->brokers[0].id, timeout_ms, cluster.version, sizeof(cluster.version));
	*ret_cluster = cluster;
	return true;
}

/* ---- topics ---- */

static bool has_leaders(const struct rd_kafka_metadata_topic *topic, int32_t partitions)
{
	if (topic == NULL || topic->partition_cnt < partitions)
		return false;
	for (int i = 0; i < topic->partition_cnt; i++) {
		if (topic->partitions[i].leader < 0)
			return false;
	}
	return true;
}

static bool wait_for_leaders(struct bus_admin *a, const char *topic, int32_t partitions, struct err *err)
{
	int64_t deadline_ms = now_ms() + BUS_WAIT_MS;

	do {
		_cleanup_(metadata_freep) const struct rd_kafka_metadata *metadata = NULL;

		if (!all_topics(a, &metadata, err))
			return false;
		if (has_leaders(topic_in(metadata, topic), partitions))
			return true;
		usleep(LEADERS_POLL_US);
	} while (now_ms() < deadline_ms);
	return err_set(err, ERR_RETRY, "brokers_unreachable", "%s: created, but not every partition has a leader after %d ms",
		       topic, BUS_WAIT_MS);
}

static bool topic_result(struct bus_admin *a, const char *topic, rd_kafka_event_t *event, bool *ret_existed, struct err *err)
{
	size_t n = 0;

	if (event == NULL)
		return failed(a, RD_KAFKA_RESP_ERR__TIMED_OUT, "creating a topic", err);
	if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return failed(a, rd_kafka_event_error(event), "creating a topic", err);

	const rd_kafka_topic_result_t **results =
		rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);
	rd_kafka_resp_err_t code = n == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_topic_result_error(results[0]);

	*ret_existed = code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR || *ret_existed)
		return true;

	const char *why = rd_kafka_topic_result_error_string(results[0]);

	return err_set(err, ERR_FATAL, "topic_refused", "%s: %s (%s)", topic, why == NULL ? "" : why, rd_kafka_err2name(code));
}

bool bus_topic_create(struct bus_admin *a, const char *topic, int32_t partitions, int replication,
		      const struct bus_setting *settings, size_t n, struct err *err)
{
	char why[300];
	rd_kafka_NewTopic_t *wanted = rd_kafka_NewTopic_new(topic, partitions, replication, why, sizeof(why));
	bool existed = false;

	if (wanted == NULL)
		return err_set(err, ERR_FATAL, "topic_refused", "%s: %s", topic, why);
	for (size_t i = 0; i < n; i++)
		rd_kafka_NewTopic_set_config(wanted, settings[i].name, settings[i].value);

	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(a->rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(a->rk);

	rd_kafka_AdminOptions_set_request_timeout(options, BUS_WAIT_MS, NULL, 0);
	rd_kafka_CreateTopics(a->rk, &wanted, 1, options, queue);

	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, BUS_WAIT_MS + 1000);
	bool ok = topic_result(a, topic, event, &existed, err);

	if (event != NULL)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_NewTopic_destroy(wanted);
	return ok && (existed || wait_for_leaders(a, topic, partitions, err));
}

bool bus_topic_info(struct bus_admin *a, const char *topic, struct err *err, int32_t *ret_partitions)
{
	_cleanup_(metadata_freep) const struct rd_kafka_metadata *metadata = NULL;

	if (!all_topics(a, &metadata, err))
		return false;

	const struct rd_kafka_metadata_topic *found = topic_in(metadata, topic);

	*ret_partitions = found == NULL ? 0 : found->partition_cnt;
	return true;
}

bool bus_topics(struct bus_admin *a, bus_topic_fn *fn, void *ctx, struct err *err)
{
	_cleanup_(metadata_freep) const struct rd_kafka_metadata *metadata = NULL;

	if (!all_topics(a, &metadata, err))
		return false;
	for (int i = 0; i < metadata->topic_cnt; i++) {
		if (!text_starts(text_of(metadata->topics[i].topic), TEXT("__")))
			fn(ctx, metadata->topics[i].topic, metadata->topics[i].partition_cnt);
	}
	return true;
}

/* ---- log ends ---- */

bool bus_watermarks(struct bus_admin *a, const char *topic, int32_t partition, struct err *err, int64_t *ret_low, int64_t *ret_high)
{
	int64_t low, high;
	rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(a->rk, topic, partition, &low, &high, BUS_WAIT_MS);

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
		failed(a, code, "asking for log ends", err);
		return err_wrap(err, "%s/%d", topic, partition);
	}
	*ret_low = low;
	*ret_high = high;
	return true;
}

static bool ask(struct bus_admin *a, struct bus_position *p, size_t n, int64_t which, struct err *err)
{
	_cleanup_(bus_list_freep) rd_kafka_topic_partition_list_t *list = bus_list_of(p, n);

	if (!bus_list_ask(a->rk, list, which, BUS_WAIT_MS, &a->common, err))
		return false;
	for (size_t i = 0; i < n; i++) {
		const rd_kafka_topic_partition_t *found = rd_kafka_topic_partition_list_find(list, p[i].topic, p[i].partition);

		CHECK(found != NULL);
		p[i].offset = found->offset;
	}
	return true;
}

bool bus_log_starts(struct bus_admin *a, struct bus_position *p, size_t n, struct err *err)
{
	return ask(a, p, n, BUS_BEGINNING, err);
}

bool bus_log_ends(struct bus_admin *a, struct bus_position *p, size_t n, struct err *err)
{
	return ask(a, p, n, BUS_END, err);
}
