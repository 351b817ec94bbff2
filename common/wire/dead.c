/* dead: see dead.h. */
#include "wire/dead.h"

const char *const wire_dead_headers[] = {
	"__connect.errors.topic",
	"__connect.errors.partition",
	"__connect.errors.offset",
	"__connect.errors.connector.name",
	"__connect.errors.task.id",
	"__connect.errors.stage",
	"__connect.errors.class.name",
	"__connect.errors.exception.class.name",
	"__connect.errors.exception.message",
	"__connect.errors.exception.stacktrace",
	"kafka_dlt-original-topic",
	"kafka_dlt-original-partition",
	"kafka_dlt-original-offset",
	"kafka_dlt-original-timestamp",
	"kafka_dlt-original-timestamp-type",
	"kafka_dlt-original-consumer-group",
	"kafka_dlt-exception-fqcn",
	"kafka_dlt-exception-cause-fqcn",
	"kafka_dlt-exception-message",
	"kafka_dlt-exception-stacktrace",
	"openitem_error_code",
	"openitem_error_retryable",
	"openitem_attempts",
	WIRE_DEAD_COUNT,
	WIRE_DEAD_SERVICE,
	WIRE_DEAD_OMITTED,
	WIRE_DEAD_OUTCOME,
	WIRE_DEAD_RECORDED,
};
const size_t wire_dead_headers_n = ARRAY_LEN(wire_dead_headers);
_Static_assert(ARRAY_LEN(wire_dead_headers) > WIRE_DEAD_SET, "the set, and what comes with it");

static size_t find_header(struct text name)
{
	size_t i = 0;

	while (i < wire_dead_headers_n && !text_eq(name, text_of(wire_dead_headers[i])))
		i++;
	return i;
}

bool wire_dead_is_header(struct text name)
{
	return find_header(name) < wire_dead_headers_n;
}

struct text wire_dead_topic(struct text topic)
{
	struct text suffix = TEXT(WIRE_DEAD_SUFFIX), end = { topic.s + topic.n - MIN(topic.n, suffix.n), MIN(topic.n, suffix.n) };

	return topic.n > suffix.n && text_eq(end, suffix) ? (struct text){ topic.s, topic.n - suffix.n } : TEXT_NONE;
}

/* The set stands at the end in its order: backwards, each name comes before the one behind it. */
static size_t set_at(const struct text *names, size_t n)
{
	size_t last = wire_dead_headers_n, at = n;
	bool ours = false;

	while (at > 0) {
		size_t i = find_header(names[at - 1]);

		if (i >= last)
			break;
		ours = ours || text_eq(names[at - 1], TEXT(WIRE_DEAD_SERVICE));
		last = i;
		at--;
	}
	return ours ? at : n;
}

void wire_dead_own(const struct text *names, size_t n, size_t *ret_from, size_t *ret_to)
{
	bool redriven = n >= 2 && text_eq(names[0], TEXT(WIRE_DEAD_COUNT)) && text_eq(names[1], TEXT(WIRE_DEAD_FROM));

	*ret_from = redriven ? 2 : 0;
	*ret_to = *ret_from + set_at(names + *ret_from, n - *ret_from);
}
