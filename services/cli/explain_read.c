/* explain_read: records and names from reporting. */
#include "cli/answer.h"
#include "cli/explain.h"
#include "cli/stored.h"
#include "reporting_sql.h"
#include "store/store.h"

const char *explain_number(struct explain *x, int64_t n)
{
	return text_printf(x->cli->arena, "%lld", (long long)n).s;
}

static struct text keep(struct explain *x, const struct store_result *r, size_t i, const char *column)
{
	return text_dup(x->cli->arena, store_result_text(r, i, column));
}

static bool read_record(struct explain *x, const struct store_result *r, size_t i, struct err *err, struct explain_record *ret)
{
	struct arena *a = x->cli->arena;
	const char *service = text_cstr(a, store_result_text(r, i, "service"));
	struct text value;
	void *body;

	*ret = (struct explain_record){
		.lane = (int32_t)store_result_i64(r, i, "lane"),
		.source_lane = (int32_t)store_result_i64(r, i, "source_lane"),
		.seq = store_result_i64(r, i, "seq"),
		.ledger_seq = store_result_i64(r, i, "ledger_seq"),
		.offset = store_result_i64(r, i, "offset"),
		.topic = keep(x, r, i, "topic"),
		.event_id = keep(x, r, i, "event_id"),
		.type = keep(x, r, i, "type"),
		.account = keep(x, r, i, "account"),
		.subject = keep(x, r, i, "subject"),
		.cause_topic = keep(x, r, i, "cause_topic"),
		.cause_event_id = keep(x, r, i, "cause_event_id"),
		.cause_partition = (int32_t)store_result_i64(r, i, "cause_partition"),
		.cause_offset = store_result_i64(r, i, "cause_offset"),
	};
	if (!cli_service_find(service, &ret->service) || answer_message(ret->service) == NULL)
		return err_set(err, ERR_STOP, "bad_record", "a record of an unknown service \"%.40s\"", service);
	ret->msg = answer_message(ret->service);
	if (!stored_bytes(store_result_text(r, i, "value"), a, &value) ||
	    !wire_decode(ret->msg, (const uint8_t *)value.s, value.n, a, err, &body))
		return err_set(err, ERR_STOP, "bad_record", "record %lld of %s on lane %d cannot be decoded", (long long)ret->seq,
			       service, ret->lane);
	ret->body = body;
	return true;
}

bool explain_read(struct explain *x, const char *sql, const char *const *params, int n_params, struct err *err,
		  struct explain_record **ret_records, size_t *ret_n)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;

	if (!store_query(x->store, sql, n_params, params, err, &r))
		return err_wrap(err, "the database of reporting");

	size_t n = store_result_rows(r);
	struct explain_record *records = ARENA_ARRAY(x->cli->arena, n, struct explain_record);

	for (size_t i = 0; i < n; i++)
		if (!read_record(x, r, i, err, &records[i]))
			return false;
	*ret_records = records;
	*ret_n = n;
	return true;
}

struct text explain_name_of(struct explain *x, int32_t lane, struct text account, struct text document_id)
{
	_cleanup_(store_result_freep) struct store_result *r = NULL;
	struct arena *a = x->cli->arena;
	const char *params[] = { explain_number(x, lane), text_cstr(a, account), text_cstr(a, document_id) };

	if (!store_query(x->store, sql_explain_items, ARRAY_LEN(params), params, NULL, &r) || store_result_rows(r) == 0)
		return TEXT_NONE;

	struct text kind = store_result_text(r, 0, "kind"), reference = store_result_text(r, 0, "reference");
	struct text order = store_result_text(r, 0, "order_id");

	if (text_empty(order))
		return text_printf(a, TEXT_FMT " " TEXT_FMT, TEXT_ARG(kind), TEXT_ARG(reference));
	return text_printf(a, TEXT_FMT " " TEXT_FMT " (order " TEXT_FMT ")", TEXT_ARG(kind), TEXT_ARG(reference), TEXT_ARG(order));
}
