/*
 * answer: what became of an event, read from the outcome tables of the services by causation id (common/run/tables.h).
 */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include "cli/cli.h"
#include "wire/wire.h"

struct answer {
	enum cli_service service;
	int32_t lane;
	int64_t seq;
	struct text event_id;
	struct text name; /* invoice_issued, refused ... */
	struct text key; /* account */
	bool final;
	bool dead; /* of intake: a dead letter */
	int32_t cause_partition;
	int64_t cause_offset;
	const void *body; /* struct of the service's outcome message */
};

/*
 * Outcomes of one service whose cause is this event, in order; texts and structs in the arena. cause_topic may be NULL: ids of
 * others need not be unique, those of intake's own outcomes are.
 */
bool answer_find(struct cli *cli, enum cli_service service, struct text cause_event_id, const char *cause_topic, struct err *err,
		 struct answer **ret_answers, size_t *ret_n);

bool answer_is_refusal(const struct answer *o);
/* Of a refusal or dead letter: the stable reason, and what was wrong. Else empty. */
struct text answer_reason(const struct answer *o, struct arena *a);
struct text answer_detail(const struct answer *o, struct arena *a);
/* What it says, in a few words: amounts, what it is about, why. Of a refusal: what was wrong. */
struct text answer_words(const struct answer *o, struct arena *a);

/* The message a service's outcomes are; NULL: reporting has none. */
const struct wire_msg *answer_message(enum cli_service service);

#endif
