/*
 * bus: Kafka by librdkafka 2.0.2. Layer 2. The one place that includes rdkafka.h.
 *
 *	consumer   a member of a group; the caller decides where each partition starts
 *	reader     group-less: from here to there, for tail, start-up checks, rebuilds
 *	producer   idempotent; what was acknowledged is told in order
 *	admin      topics, log ends, is the cluster there
 *
 * Threads: one handle belongs to one thread. librdkafka's own threads do not call us,
 * except struct bus_conf.log. Nothing here logs. Brokers that cannot be reached are
 * never an error of an open: they may come later.
 *
 * Settings: what DESIGN section 7 measured is built in. Any OPENITEM_KAFKA_<PROPERTY>
 * environment variable is handed to librdkafka, dots written as underscores
 * (OPENITEM_KAFKA_SECURITY_PROTOCOL=ssl is security.protocol=ssl); with _FILE behind it
 * the value is the content of that file (OPENITEM_KAFKA_SASL_PASSWORD_FILE). Properties
 * that decide correctness (README) are refused: open fails with ERR_FATAL kafka_setting.
 * OPENITEM_KAFKA_BROKERS and OPENITEM_KAFKA_VERSION are no properties and skipped.
 */
#ifndef BUS_BUS_H
#define BUS_BUS_H

#include "base/base.h"
#include "err/err.h"
#include "text/text.h"

/* Where in a log. As the end of a bus_range see there. */
#define BUS_BEGINNING (-2)
#define BUS_END       (-1)

#define BUS_IN_FLIGHT_MAX 100000 /* records produced and not yet told by bus_drain */
#define BUS_POSITIONS_MAX 10000 /* partitions one consumer or reader may hold */

/* Called from librdkafka's threads. line may hold what a broker sent: escape it (log.h does). level as in syslog, 3 = error. */
typedef void bus_log_fn(int level, const char *facility, const char *line);

struct bus_conf {
	const char *brokers; /* host:port[,host:port] */
	const char *client_id; /* NULL: "openitem" */
	const char *group; /* consumer; a reader only borrows the name, for ACLs (NULL: "openitem-reader") */
	const char *instance_id; /* consumer only: group.instance.id (static membership); NULL: dynamic */
	bus_log_fn *log; /* NULL: librdkafka's own lines are dropped */
};

/* One place in one log. topic is the caller's, or borrowed as said at each function. */
struct bus_position {
	const char *topic;
	int32_t partition;
	int64_t offset; /* of the next record to read */
};

/*
 * Which partition a key belongs to: murmur2(key) & 0x7fffffff % partitions, exactly as
 * the Java client does for a key that is not null (the empty key included). Pure.
 */
int32_t bus_partition_of(struct text key, int32_t partitions);

/* ---- records ---- */

/*
 * Borrowed from librdkafka: everything in it lives until bus_record_release, which must
 * happen before its consumer or reader is closed. Plain struct: copy it as you like, but
 * release it once.
 */
struct bus_record {
	const char *topic; /* lives as long as the consumer or reader: compare pointers, keep it */
	uint32_t topic_at; /* consumer: index in topics of bus_consumer_open; reader: in ranges, of the record's range */
	int32_t partition;
	int64_t offset;
	int64_t timestamp_ms; /* since 1970, producer's or broker's; -1 = none */
	struct text key, value;
	bool key_null, value_null; /* null is not empty: a null value is a tombstone */
	void *handle;
};

/* Give it back; a zeroed record is fine. */
void bus_record_release(struct bus_record *r);

/* The last header of that name, as the CloudEvents binding wants. A null value: s == NULL. False: no such header. */
bool bus_header(const struct bus_record *r, const char *name, struct text *ret_value);
/* All headers in order: for (size_t i = 0; bus_header_at(r, i, &name, &value); i++) */
bool bus_header_at(const struct bus_record *r, size_t i, struct text *ret_name, struct text *ret_value);

/* ---- consumer ---- */

struct bus_consumer;

enum bus_what {
	BUS_NOTHING, /* timeout */
	BUS_RECORD, /* .record */
	BUS_ASSIGNED, /* .positions: these partitions are ours now, offsets unset; answer with bus_assign */
	BUS_REVOKED, /* .positions, .lost: not ours any more; answer with bus_unassign */
	BUS_PARTITION_ERROR, /* .topic .partition (-1: the whole topic) .err */
	BUS_BROKERS_DOWN, /* .err: said once, checked before it is said */
	BUS_BROKERS_UP, /* once after BUS_BROKERS_DOWN; also when a connection was lost and a broker answers: it may have been away */
	BUS_FATAL, /* .err: this consumer is finished: close it. Code instance_fenced: another has our instance_id */
};

/*
 * BUS_PARTITION_ERROR classes:
 *	STOP   position_outside_log   the offset is not in the log (auto.offset.reset=error); nothing more
 *	                              comes from this partition until bus_assign (bus_seek is refused)
 *	STOP   topic_not_allowed      ACL
 *	RETRY  topic_missing          the topic does not exist (yet); the subscription finds it when it does
 *	RETRY  poll_too_late          max.poll.interval.ms exceeded: the group goes on without us, BUS_REVOKED
 *	                              with lost follows, then we join again (partition -1, topic "")
 *	RETRY  kafka_error            anything else; librdkafka carries on by itself
 */
struct bus_poll {
	enum bus_what what;
	bool lost; /* BUS_REVOKED: without our consent, others may have it already */
	struct bus_record record;
	const struct bus_position *positions; /* until the next bus_poll; the topic pointers longer, as in a record */
	size_t n;
	const char *topic;
	int32_t partition;
	struct err err;
};

/*
 * Joins conf->group with these topics (exact names; copied). Range assignor. Nothing is
 * read before bus_assign.
 */
bool bus_consumer_open(const struct bus_conf *conf, const char *const *topics, size_t n, struct err *err,
		       struct bus_consumer **ret_consumer);

/*
 * Leaves cleanly: serves the last revocation and closes. A static member stays in the
 * group until session.timeout.ms is over, so that its restart moves nothing. NULL is fine.
 */
void bus_consumer_close(struct bus_consumer *c);
void bus_consumer_closep(struct bus_consumer **c);

/*
 * The next thing that happened; waits up to timeout_ms (0: only what is there). True =
 * something, false = BUS_NOTHING. ret need not be cleared in between. Must be called
 * at least every max.poll.interval.ms (5 min), also while everything is paused.
 */
bool bus_poll(struct bus_consumer *c, int timeout_ms, struct bus_poll *ret);

/*
 * Read exactly these from these offsets; replaces what was read before, and nothing is
 * paused. The answer to BUS_ASSIGNED: all of its partitions, or some of them (the others
 * stay ours, unread). It may come later than the next bus_poll, not later than
 * max.poll.interval.ms. BUS_BEGINNING and BUS_END ask a broker (up to 10 s, then RETRY
 * and nothing has changed: call again).
 */
bool bus_assign(struct bus_consumer *c, const struct bus_position *p, size_t n, struct err *err);
/* Read nothing. The answer to BUS_REVOKED, to be given after letting the lanes go. */
bool bus_unassign(struct bus_consumer *c, struct err *err);

/*
 * All wait until done (milliseconds; seek at most 5 s, then ERR_RETRY). Afterwards
 * bus_poll yields nothing from before the call. Partitions must be assigned. A paused
 * partition keeps its place: after bus_resume it goes on behind the last record that
 * bus_poll gave out, or where it was sought to. Offsets are looked at by bus_seek only.
 */
bool bus_seek(struct bus_consumer *c, const struct bus_position *p, size_t n, struct err *err);
bool bus_pause(struct bus_consumer *c, const struct bus_position *p, size_t n, struct err *err);
bool bus_resume(struct bus_consumer *c, const struct bus_position *p, size_t n, struct err *err);

/* Kafka's committed offsets, for lag tools only: asynchronous, the result is not looked at. */
void bus_commit_courtesy(struct bus_consumer *c, const struct bus_position *p, size_t n);

/* The log end as of the last fetch, without asking: for lag metrics. False: not known (yet). */
bool bus_high(struct bus_consumer *c, const char *topic, int32_t partition, int64_t *ret_high);

/* ---- reader ---- */

struct bus_reader;

#define BUS_FOLLOW INT64_MAX /* as until: never done */

struct bus_range {
	const char *topic;
	int32_t partition;
	int64_t from; /* offset, BUS_BEGINNING or BUS_END */
	int64_t until; /* exclusive; BUS_END: the log end at the moment of opening; BUS_FOLLOW */
};

enum bus_read {
	BUS_READ_RECORD, /* *ret_record, to be released */
	BUS_READ_NOTHING, /* timeout */
	BUS_READ_DONE, /* every range has been read to its until */
	BUS_READ_FAILED, /* *err; classes as in BUS_PARTITION_ERROR */
};

/* Asks for the log ends (up to 10 s, else ERR_RETRY). A topic may appear in many ranges, a partition once. n > 0. */
bool bus_reader_open(const struct bus_conf *conf, const struct bus_range *ranges, size_t n, struct err *err,
		     struct bus_reader **ret_reader);

struct bus_extent {
	int64_t low, high; /* first offset in the log, and the one the next record will get */
};

/*
 * The same for ranges that may lie outside the log (it may have lost its end): each is cut to what is there, possibly to
 * nothing. ret_extents: n, in the order of ranges: the log as it was at the moment of opening.
 */
bool bus_reader_open_within(const struct bus_conf *conf, const struct bus_range *ranges, size_t n, struct err *err,
			    struct bus_reader **ret_reader, struct bus_extent *ret_extents);
void bus_reader_close(struct bus_reader *r);
void bus_reader_closep(struct bus_reader **r);

/* Order within a partition; none between partitions. Records beyond until are never given out. */
enum bus_read bus_reader_poll(struct bus_reader *r, int timeout_ms, struct bus_record *ret_record, struct err *err);

/* ---- producer ---- */

struct bus_producer;

struct bus_header {
	struct text name, value; /* value.s == NULL: null */
};

struct bus_out {
	const char *topic;
	int32_t partition; /* -1: by key, as bus_partition_of; without a key (key_null) any */
	struct text key, value;
	bool key_null, value_null;
	const struct bus_header *headers;
	size_t headers_n;
	uint64_t cookie; /* comes back in bus_delivered_fn */
};

/*
 * What became of a record. err == NULL: it is in the log at topic/partition/offset
 * (acks=all). Otherwise it may or may not be there: STOP message_too_large or topic_not_allowed,
 * RETRY for the rest.
 */
typedef void bus_delivered_fn(void *ctx, uint64_t cookie, int32_t partition, int64_t offset, const struct err *err);

/*
 * Asks the brokers for their topics, for a second at most: nobody there is no error.
 * linger_ms: how long a record waits for others until bus_drain: 5 for the relay, 20 for back-fill. acks=all, idempotent, no message timeout:
 * a record waits as long as it takes. Gapless: when one cannot be written at all, the
 * producer is finished (producer_fatal) and none behind it is written.
 */
bool bus_producer_open(const struct bus_conf *conf, int linger_ms, struct err *err, struct bus_producer **ret_producer);

/* What is not acknowledged is dropped, so drain before. Never waits for a broker. NULL is fine. */
void bus_producer_close(struct bus_producer *p);
void bus_producer_closep(struct bus_producer **p);

/*
 * Queue a copy. Order per partition is the order of the calls. Waits (up to 10 s) when
 * librdkafka's queue is full.
 *	RETRY  producer_full      BUS_IN_FLIGHT_MAX records are waiting, or the queue stayed full: bus_drain first
 *	RETRY  producer_fatal     make a new producer and resume from the outbox
 *	RETRY  topic_missing      no such topic or partition
 *	STOP   message_too_large
 */
bool bus_produce(struct bus_producer *p, const struct bus_out *out, struct err *err);

/*
 * Wait until everything is acknowledged, at most timeout_ms (0: only look), and tell fn,
 * in the order of the bus_produce calls, what became known. fn may be NULL. Every record
 * is told once. True: all were acknowledged without error.
 *	RETRY  not_acknowledged   some are still on their way: call again
 *	RETRY  producer_fatal     records not told are lost: make a new producer, resume from the outbox
 *	else   the first error told to fn
 */
bool bus_drain(struct bus_producer *p, int timeout_ms, bus_delivered_fn *fn, void *ctx, struct err *err);

/* Records produced and not yet told. */
size_t bus_in_flight(const struct bus_producer *p);

/* ---- admin ---- */

struct bus_admin;

struct bus_setting {
	const char *name, *value; /* topic configuration: "retention.ms", "-1" */
};

struct bus_cluster {
	int brokers;
	int controller_id;
	char id[64];
	char version[32]; /* what the brokers say about themselves; "" when they do not */
};

bool bus_admin_open(const struct bus_conf *conf, struct err *err, struct bus_admin **ret_admin);
void bus_admin_close(struct bus_admin *a);
void bus_admin_closep(struct bus_admin **a);

/* Everything below asks a broker and waits; RETRY brokers_unreachable when none answers in time (10 s, or as given). */

/* Reachable? ret_cluster may be NULL. */
bool bus_cluster_check(struct bus_admin *a, int timeout_ms, struct err *err, struct bus_cluster *ret_cluster);

/*
 * Create and wait until it has leaders. A topic that exists is fine, whatever its
 * partitions and settings are: compare with bus_topic_info. replication -1: the broker's
 * default. FATAL topic_refused: the broker says why.
 */
bool bus_topic_create(struct bus_admin *a, const char *topic, int32_t partitions, int replication,
		      const struct bus_setting *settings, size_t n, struct err *err);

/* 0 = there is no such topic. Never creates it. */
bool bus_topic_info(struct bus_admin *a, const char *topic, struct err *err, int32_t *ret_partitions);

typedef void bus_topic_fn(void *ctx, const char *topic, int32_t partitions);
/* Every topic the broker shows us, internal ones (__*) left out. */
bool bus_topics(struct bus_admin *a, bus_topic_fn *fn, void *ctx, struct err *err);

/* First offset in the log and the one the next record will get. RETRY topic_missing. */
bool bus_watermarks(struct bus_admin *a, const char *topic, int32_t partition, struct err *err, int64_t *ret_low,
		    int64_t *ret_high);
/* Fill in the offsets of many: one request per broker. Low ends and high ends. */
bool bus_log_starts(struct bus_admin *a, struct bus_position *p, size_t n, struct err *err);
bool bus_log_ends(struct bus_admin *a, struct bus_position *p, size_t n, struct err *err);

#endif
