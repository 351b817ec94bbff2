/*
 * kafka: publishing events, CloudEvents binary mode (ECOSYSTEM 1.1): value = protobuf, attributes = headers ce_*, partition by
 * key as Java clients do it.
 */
#ifndef CLI_KAFKA_H
#define CLI_KAFKA_H

#include "cli/cli.h"
#include "cli/event.h"

struct kafka;

/* linger_ms: 0 or 1 to be quick, 20 for many. Does not wait for a broker. */
bool kafka_open(struct cli *cli, int linger_ms, struct err *err, struct kafka **ret_kafka);
void kafka_close(struct kafka *k);

/* Queue one; waits while too many are on their way. Copies everything. */
bool kafka_publish(struct kafka *k, const struct event *ev, struct err *err);

/* Wait until all are acknowledged, 30 s at most: RETRY brokers_unreachable. */
bool kafka_flush(struct kafka *k, struct err *err);

/* Acknowledged so far; where the last one of them is. */
int64_t kafka_published(const struct kafka *k);
void kafka_last(const struct kafka *k, int32_t *ret_partition, int64_t *ret_offset);

/* The headers of an event, in the arena; at most KAFKA_HEADERS_MAX. */
#define KAFKA_HEADERS_MAX 12
size_t kafka_headers(const struct event *ev, struct arena *a, struct bus_header *headers);

#endif
