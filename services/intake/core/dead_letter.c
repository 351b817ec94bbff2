#include "core/dead_letter.h"

_Static_assert(DEAD_LETTER_HEADERS_MAX == WIRE_DEAD_SET + 1, "and what was omitted");

/* Refusals that say something about us or about reference facts, not about the record alone. */
bool intake_is_retryable(const char *reason)
{
	static const char *const retryable[] = {
		"bank_account_conflict", "prefix_conflict", "sealed_unsupported", "unexpected_topic",
		"unknown_currency",      "unknown_enum",    "unknown_type",
	};

	for (size_t i = 0; i < ARRAY_LEN(retryable); i++)
		if (strcmp(reason, retryable[i]) == 0)
			return true;
	return false;
}

static const struct record_header *last_header(const struct record *r, const char *name)
{
	for (size_t i = r->n_headers; i > 0; i--)
		if (text_eq(r->headers[i - 1].name, text_of(name)))
			return &r->headers[i - 1];
	return NULL;
}

/*
 * The re-drive tool's count stands in front (wire/dead.h); whoever re-drives with another tool copies our set. A stranger's says nothing: it
 * could keep his record from being re-driven. What is no small number counts as 0.
 */
static int64_t redrive_count(const struct record *r, bool by_tool)
{
	const struct record_header *h = by_tool ? &r->headers[0] : NULL;
	int64_t n;

	if (!by_tool && last_header(r, WIRE_DEAD_SERVICE) != NULL)
		h = last_header(r, WIRE_DEAD_COUNT);
	if (h == NULL || h->value_null || !text_parse_i64(h->value, &n) || n < 0 || n > 1000000)
		return 0;
	return n;
}

static struct text big_endian(uint64_t value, size_t n, struct arena *arena)
{
	char *bytes = arena_alloc(arena, n);

	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(value >> 8 * (n - 1 - i));
	return (struct text){ bytes, n };
}

/* Kafka Connect's names for where it went wrong. */
static const char *stage_of(const char *reason)
{
	static const char *const in_headers[] = { "missing_header", "unknown_type", "unsupported_content_type" };

	for (size_t i = 0; i < ARRAY_LEN(in_headers); i++)
		if (strcmp(reason, in_headers[i]) == 0)
			return "HEADER_CONVERTER";
	return strcmp(reason, "key_mismatch") == 0 ? "KEY_CONVERTER" : "VALUE_CONVERTER";
}

/* The values, in the order of wire_dead_headers. */
static void fill_values(const struct record *r, const struct err *why, int64_t redriven, struct arena *arena, struct text values[])
{
	struct text partition = text_printf(arena, "%d", r->partition);
	struct text offset = text_printf(arena, "%lld", (long long)r->offset);
	struct text class = text_printf(arena, "ar.intake.%s", why->code);
	struct text message = text_dup(arena, text_of(why->msg));
	size_t n = 0;

	values[n++] = r->topic;
	values[n++] = partition;
	values[n++] = offset;
	values[n++] = TEXT("openitem-intake");
	values[n++] = TEXT("0");
	values[n++] = text_of(stage_of(why->code));
	values[n++] = TEXT("openitem.intake");
	values[n++] = class;
	values[n++] = message;
	values[n++] = message;
	values[n++] = r->topic;
	values[n++] = big_endian((uint32_t)r->partition, sizeof(int32_t), arena);
	values[n++] = big_endian((uint64_t)r->offset, sizeof(int64_t), arena);
	values[n++] = big_endian((uint64_t)r->timestamp_ms, sizeof(int64_t), arena);
	values[n++] = r->timestamp_ms < 0 ? TEXT("NoTimestampType") : TEXT("CreateTime");
	values[n++] = TEXT(DEAD_LETTER_GROUP);
	values[n++] = class;
	values[n++] = class;
	values[n++] = message;
	values[n++] = message;
	values[n++] = text_dup(arena, text_of(why->code));
	values[n++] = intake_is_retryable(why->code) ? TEXT("true") : TEXT("false");
	values[n++] = text_printf(arena, "%lld", (long long)redriven + 1);
	values[n++] = text_printf(arena, "%lld", (long long)redriven);
	values[n++] = TEXT("intake");
	CHECK(n == WIRE_DEAD_SET);
}

static size_t bytes_of(const struct record *r)
{
	size_t n = r->key.n + r->value.n;

	for (size_t i = 0; i < r->n_headers; i++)
		n += r->headers[i].name.n + r->headers[i].value.n + 16;
	return n;
}

/* Leaves out what makes the copy too large to publish. Says what, empty = nothing. */
static struct text omit(struct record *dead)
{
	if (bytes_of(dead) <= DEAD_LETTER_BYTES_MAX)
		return TEXT_NONE;
	dead->value = TEXT_NONE;
	dead->value_null = true;
	if (bytes_of(dead) <= DEAD_LETTER_BYTES_MAX)
		return TEXT("value");
	dead->key = TEXT_NONE;
	dead->key_null = true;
	dead->n_headers = 0;
	return TEXT("value, key, headers");
}

/* Only its own headers: neither the re-drive tool's two nor the set of the refusal before. True: the tool sent it. */
static bool leave_own_headers(struct record *dead, struct arena *arena)
{
	struct text *names = ARENA_ARRAY(arena, dead->n_headers + 1, struct text);
	size_t from, to;

	for (size_t i = 0; i < dead->n_headers; i++)
		names[i] = dead->headers[i].name;
	wire_dead_own(names, dead->n_headers, &from, &to);
	if (from > 0)
		dead->headers += from;
	dead->n_headers = to - from;
	return from > 0;
}

const struct record *intake_dead_letter_record(const struct record *record, const struct err *why, struct arena *arena)
{
	struct record *dead = arena_dup(arena, record, sizeof(*record));
	int64_t redriven = redrive_count(record, leave_own_headers(dead, arena));
	/* Another tool copied the set and put something behind it: then by name, or the record would grow. */
	bool copied = last_header(dead, WIRE_DEAD_SERVICE) != NULL;
	struct text omitted = omit(dead);
	struct record_header *h = ARENA_ARRAY(arena, dead->n_headers + DEAD_LETTER_HEADERS_MAX, struct record_header);
	struct text values[WIRE_DEAD_SET];
	size_t n = 0;

	for (size_t i = 0; i < dead->n_headers; i++)
		if (!copied || !wire_dead_is_header(dead->headers[i].name))
			h[n++] = dead->headers[i];
	fill_values(record, why, redriven, arena, values);
	for (size_t i = 0; i < WIRE_DEAD_SET; i++)
		h[n++] = (struct record_header){ .name = text_of(wire_dead_headers[i]), .value = values[i] };
	if (!text_empty(omitted))
		h[n++] = (struct record_header){ .name = TEXT(WIRE_DEAD_OMITTED), .value = omitted };
	dead->topic = text_printf(arena, TEXT_FMT WIRE_DEAD_SUFFIX, TEXT_ARG(record->topic));
	dead->headers = h;
	dead->n_headers = n;
	return dead;
}
