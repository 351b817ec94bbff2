/* redrive: see redrive.h. */
#include "cli/redrive.h"
#include "wire/dead.h"

/* The last of that name among the gate's: [from, n). */
static struct text header_in(const struct bus_header *headers, size_t from, size_t n, const char *name)
{
	for (size_t i = n; i > from; i--)
		if (text_eq(headers[i - 1].name, text_of(name)))
			return headers[i - 1].value;
	return TEXT_NONE;
}

static enum redrive_verdict judge(int64_t count, bool set, struct text omitted, bool force)
{
	if (!set)
		return REDRIVE_FOREIGN;
	if (!text_empty(omitted))
		return REDRIVE_OMITTED;
	return count >= REDRIVE_LIMIT && !force ? REDRIVE_EXHAUSTED : REDRIVE_SEND;
}

void redrive_judge(const struct bus_header *headers, size_t n, struct text place, bool force, struct arena *a,
		   struct redrive_letter *ret)
{
	struct text *names = ARENA_ARRAY(a, n + 1, struct text);
	struct bus_header *out;
	int64_t count = 0;
	size_t from, to;

	for (size_t i = 0; i < n; i++)
		names[i] = headers[i].name;
	wire_dead_own(names, n, &from, &to);
	if (!text_parse_i64(header_in(headers, to, n, WIRE_DEAD_COUNT), &count) || count < 0 || count >= INT32_MAX)
		count = 0;
	out = ARENA_ARRAY(a, to - from + 2, struct bus_header);
	out[0] = (struct bus_header){ TEXT(WIRE_DEAD_COUNT), text_printf(a, "%lld", (long long)count + 1) };
	out[1] = (struct bus_header){ TEXT(WIRE_DEAD_FROM), place };
	for (size_t i = from; i < to; i++)
		out[2 + i - from] = headers[i];
	*ret = (struct redrive_letter){
		.verdict = judge(count, to < n, header_in(headers, to, n, WIRE_DEAD_OMITTED), force),
		.reason = header_in(headers, to, n, "openitem_error_code"),
		.count = count + 1,
		.headers = out,
		.headers_n = to - from + 2,
	};
}

const char *redrive_words(enum redrive_verdict verdict)
{
	switch (verdict) {
	case REDRIVE_SEND:
		return "sent";
	case REDRIVE_FOREIGN:
		return "refused: not a dead letter of the gate";
	case REDRIVE_OMITTED:
		return "refused: too large, its value is not here";
	case REDRIVE_EXHAUSTED:
		return "refused: re-driven 3 times already";
	}
	return "";
}

int32_t redrive_partition(struct text key, bool key_null, int32_t came_on, int32_t partitions)
{
	return key_null ? came_on % partitions : bus_partition_of(key, partitions);
}

bool redrive_rate(struct text t, int64_t *ret_per_s)
{
	int64_t rate;

	if (t.n > 2 && text_eq((struct text){ t.s + t.n - 2, 2 }, TEXT("/s")))
		t.n -= 2;
	if (!text_parse_i64(t, &rate) || rate < 1 || rate > 1000000)
		return false;
	*ret_per_s = rate;
	return true;
}

int64_t redrive_wait_ms(int64_t rate, int64_t sent, int64_t elapsed_ms)
{
	return rate == 0 ? 0 : MAX((int64_t)0, sent * 1000 / rate - elapsed_ms);
}
