/* answer: see answer.h. */
#include "cli/answer.h"
#include "ev/all.h"
#include "store/store.h"

static const char find_sql[] =
	"SELECT lane, seq, event_id, key, final, dead_record <> '' AS dead, cause_partition, cause_offset, "
	"encode(value, 'hex') AS value FROM outcome WHERE cause_event_id = $1 AND ($2 = '' OR cause_topic = $2) ORDER BY lane, seq";

const struct wire_msg *answer_message(enum cli_service service)
{
	static const struct wire_msg *const messages[CLI_SERVICES] = {
		[CLI_INTAKE] = &intake_event_msg,
		[CLI_BILLING] = &billing_event_msg,
		[CLI_CASH] = &cash_event_msg,
		[CLI_COLLECTIONS] = &collections_event_msg,
	};

	return messages[service];
}

static unsigned digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

static struct text from_hex(struct text hex, struct arena *a)
{
	char *bytes = arena_alloc(a, hex.n / 2 + 1);

	for (size_t i = 0; i + 1 < hex.n; i += 2)
		bytes[i / 2] = (char)(digit(hex.s[i]) << 4 | digit(hex.s[i + 1]));
	return (struct text){ bytes, hex.n / 2 };
}

static bool read_row(struct cli *cli, enum cli_service service, const struct store_result *r, size_t i, struct err *err,
		     struct answer *ret)
{
	struct text value = from_hex(store_result_text(r, i, "value"), cli->arena);
	const struct wire_msg *msg = answer_message(service);
	void *body;

	if (!wire_decode(msg, (const uint8_t *)value.s, value.n, cli->arena, err, &body))
		return err_wrap(err, "an outcome of %s", cli_service_names[service]);
	*ret = (struct answer){
		.service = service,
		.lane = (int32_t)store_result_i64(r, i, "lane"),
		.seq = store_result_i64(r, i, "seq"),
		.event_id = text_dup(cli->arena, store_result_text(r, i, "event_id")),
		.name = wire_event_name(msg, body),
		.key = text_dup(cli->arena, store_result_text(r, i, "key")),
		.final = store_result_bool(r, i, "final"),
		.dead = store_result_bool(r, i, "dead"),
		.cause_partition = (int32_t)store_result_i64(r, i, "cause_partition"),
		.cause_offset = store_result_i64(r, i, "cause_offset"),
		.body = body,
	};
	return true;
}

bool answer_find(struct cli *cli, enum cli_service service, struct text cause_event_id, const char *cause_topic, struct err *err,
		 struct answer **ret_answers, size_t *ret_n)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	const char *params[] = { text_cstr(cli->arena, cause_event_id), cause_topic == NULL ? "" : cause_topic };
	struct store *store;

	if (!cli_store(cli, service, err, &store))
		return false;
	if (!store_query(store, find_sql, ARRAY_LEN(params), params, err, &r))
		return err_wrap(err, "the outcomes of %s", cli_service_names[service]);

	size_t n = store_result_rows(r);
	struct answer *outcomes = ARENA_ARRAY(cli->arena, n, struct answer);

	for (size_t i = 0; i < n; i++)
		if (!read_row(cli, service, r, i, err, &outcomes[i]))
			return false;
	*ret_answers = outcomes;
	*ret_n = n;
	return true;
}

static struct text get(const struct answer *o, const char *path, struct arena *a)
{
	struct text t = TEXT_NONE;
	struct err err;

	if (!wire_get(answer_message(o->service), o->body, text_of(path), a, &err, &t))
		return TEXT_NONE;
	return t;
}

bool answer_is_refusal(const struct answer *o)
{
	return o->dead || text_eq(o->name, TEXT("refused"));
}

struct text answer_reason(const struct answer *o, struct arena *a)
{
	return o->dead ? get(o, "dead_letter.reason", a) : answer_is_refusal(o) ? get(o, "refused.reason", a) : TEXT_NONE;
}

struct text answer_detail(const struct answer *o, struct arena *a)
{
	return o->dead ? get(o, "dead_letter.detail", a) : answer_is_refusal(o) ? get(o, "refused.detail", a) : TEXT_NONE;
}

/* What people look for in an outcome; in this order, what is absent left out. */
static const struct {
	const char *label, *member;
} facts[] = {
	{ "", "amount" },
	{ "line ", "line_id" },
	{ "document ", "document_id" },
	{ "credit ", "credit.document_id" },
	{ "number ", "number" },
	{ "order ", "order_id" },
	{ "from ", "from_account" },
	{ "to ", "to_account" },
	{ "", "reason" },
	{ "block ", "block_id" },
	{ "until ", "until" },
	{ "by rule ", "explanation.rule_id" },
	{ "", "explanation.because" },
};

static void add_fact(struct buf *b, const char *label, struct text value)
{
	if (!text_empty(value))
		buf_printf(b, "%s%s" TEXT_FMT, b->n > 0 ? ", " : "", label, TEXT_ARG(value));
}

/* "100.00 EUR to <debit document>", each. */
static void add_applications(struct buf *b, const struct answer *o, struct arena *a)
{
	const char *name = text_cstr(a, o->name);
	int64_t n = 0;

	if (!text_parse_i64(get(o, text_printf(a, "%s.n_applications", name).s, a), &n))
		return;
	for (int64_t i = 0; i < n; i++) {
		struct text amount = get(o, text_printf(a, "%s.applications[%lld].amount", name, (long long)i).s, a);
		struct text debit = get(o, text_printf(a, "%s.applications[%lld].debit.document_id", name, (long long)i).s, a);

		add_fact(b, "", text_printf(a, TEXT_FMT " to " TEXT_FMT, TEXT_ARG(amount), TEXT_ARG(debit)));
	}
}

struct text answer_words(const struct answer *o, struct arena *a)
{
	struct buf b = { .arena = a };

	if (answer_is_refusal(o))
		return answer_detail(o, a);
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		add_fact(&b, facts[i].label, get(o, text_printf(a, TEXT_FMT ".%s", TEXT_ARG(o->name), facts[i].member).s, a));
	add_applications(&b, o, a);
	return buf_text(&b);
}
