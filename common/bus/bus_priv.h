/* Inside bus only. */
#ifndef BUS_BUS_PRIV_H
#define BUS_BUS_PRIV_H

#include "bus/bus.h"

#include <librdkafka/rdkafka.h>

#define BUS_WAIT_MS 10000 /* for answers of brokers that no caller gave a limit for */

enum bus_role { BUS_ROLE_CONSUMER, BUS_ROLE_READER, BUS_ROLE_PRODUCER, BUS_ROLE_ADMIN };

/*
 * The beginning of every handle's struct, and librdkafka's opaque pointer: what its callbacks leave behind.
 * log is the only one used from other threads.
 */
struct bus_common {
	bus_log_fn *log;
	bool connection_lost; /* to a broker; whether any is there has not been asked since */
	bool fatal;
	char reason[200]; /* the last thing that went wrong underneath, for messages */
};

/* A client with all settings, linger_ms for producers only. more: further callbacks, may be NULL. */
rd_kafka_t *bus_client_new(const struct bus_conf *conf, enum bus_role role, int linger_ms, void (*more)(rd_kafka_conf_t *),
			   struct bus_common *common, struct err *err) MUST_USE;

/* "; last problem: ..." or "". */
const char *bus_reason(const struct bus_common *common, char buf[256]);

/* Fill err from what librdkafka says, with the classes of bus.h. Always false. */
bool bus_err(struct err *err, rd_kafka_resp_err_t code, const char *doing, const struct bus_common *common);

/* Borrow message m. */
void bus_record_of(struct bus_record *ret_record, rd_kafka_message_t *m, const char *topic, uint32_t topic_at);

/* A list for librdkafka; free it. */
rd_kafka_topic_partition_list_t *bus_list_of(const struct bus_position *p, size_t n) MUST_USE;

/* For _cleanup_. */
void bus_list_freep(rd_kafka_topic_partition_list_t **list);

/* First error inside the list; what is what was tried. True: none. */
bool bus_list_check(const rd_kafka_topic_partition_list_t *list, const char *doing, const struct bus_common *common,
		    struct err *err);

/* Ask for BUS_BEGINNING or BUS_END of every partition of the list; the offsets are replaced. */
bool bus_list_ask(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int64_t which, int timeout_ms, struct bus_common *common,
		  struct err *err);

#endif
