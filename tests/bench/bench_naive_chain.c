/*
 * bench_naive_chain: the business of the whole chain as one service in one database would do it, written first and well: an event at a time,
 * one transaction per event, a prepared statement per row, duplicates kept out by a table of processed events, offsets saved now and then.
 * The tables are those of naive.sql; OPENITEM_BENCH_NAIVE is the connection string.
 *
 *	bench_naive_chain skip    takes everything that is in the external topics as consumed
 *	bench_naive_chain run     does what has come since; the last line of the output is JSON
 */
#include <libpq-fe.h>

#include "bus/bus.h"
#include "ev/bank.h"
#include "ev/crm.h"
#include "ev/reference.h"
#include "money/money.h"
#include "program.h"
#include "wire/topics.h"
#include "wire/wire.h"

#include <stdlib.h>
#include <time.h>

#define PARTITIONS_MAX 64
#define WORDS_MAX      32

enum statement {
	SEEN,
	ENTITY,
	TERMS,
	CUSTOMER,
	PAYER,
	ORDER,
	ORDER_LINE,
	FIND_ORDER,
	FIND_LINES,
	NUMBER,
	INVOICE,
	ITEM,
	REFERENCE,
	JOURNAL,
	SHIPPED,
	FIND_PAYER,
	BANK_LINE,
	FIND_REFERENCE,
	FIND_AMOUNT,
	APPLICATION,
	TAKE,
	CONSUMED,
	STATEMENTS
};

static const char *const sql[STATEMENTS] = {
	[SEEN] = "INSERT INTO processed_event VALUES ($1, $2) ON CONFLICT DO NOTHING",
	[ENTITY] = "INSERT INTO entity VALUES ($1, $2) ON CONFLICT (entity) DO UPDATE SET number_prefix = excluded.number_prefix",
	[TERMS] = "INSERT INTO terms VALUES ($1, $2::int) ON CONFLICT (terms_code) DO UPDATE SET days = excluded.days",
	[CUSTOMER] = "INSERT INTO customer VALUES ($1, $2, $3) ON CONFLICT (account) DO UPDATE SET name = excluded.name",
	[PAYER] = "INSERT INTO payer VALUES ($1, $2) ON CONFLICT DO NOTHING",
	[ORDER] = "INSERT INTO sales_order SELECT $1, $2, $3, $4, $5, terms_code, 1, 'open' FROM customer WHERE account = $2",
	[ORDER_LINE] = "INSERT INTO order_line VALUES ($1, $2::int, $3, $4::bigint, $5::bigint, $6, $7::bigint)",
	[FIND_ORDER] =
		"SELECT o.account, o.entity, o.currency, o.customer_po, ($2::date + t.days)::text, e.number_prefix FROM sales_order AS o"
		" JOIN terms AS t USING (terms_code) JOIN entity AS e USING (entity) WHERE order_id = $1 AND state = 'open' FOR UPDATE OF o",
	[FIND_LINES] = "SELECT quantity_e6, price_e6, tax_code, rate_ppm FROM order_line WHERE order_id = $1 ORDER BY line_no",
	[NUMBER] = "INSERT INTO series AS s VALUES ($1, 1) ON CONFLICT (entity) DO UPDATE SET last_number = s.last_number + 1"
		   " RETURNING last_number",
	[INVOICE] = "INSERT INTO invoice VALUES ($1, $2, $3, $4, $5, $6::date, $7::bigint, $8::bigint, $9::bigint)",
	[ITEM] =
		"INSERT INTO item (account, entity, currency, kind, document, due_date, accounting_date, original_minor, open_minor)"
		" VALUES ($1, $2, $3, $4, $5, $6::date, $7::date, $8::bigint, $9::bigint) RETURNING item_id",
	[REFERENCE] = "INSERT INTO reference VALUES ($1, $2::bigint) ON CONFLICT DO NOTHING",
	[JOURNAL] = "INSERT INTO journal_line VALUES ($1, $2::int, $3, $4, $5, $6::bigint, $7, nullif($8, '')::bigint, $9::date)",
	[SHIPPED] = "UPDATE sales_order SET state = 'fulfilled', version = $2::int WHERE order_id = $1",
	[FIND_PAYER] = "SELECT account FROM payer WHERE value = $1 LIMIT 2",
	[BANK_LINE] = "INSERT INTO bank_line VALUES ($1, $2, $3, $4, $5::bigint, $6::date, $7)",
	[FIND_REFERENCE] = "SELECT i.item_id, i.open_minor FROM reference AS r JOIN item AS i USING (item_id)"
			   " WHERE r.value = $1 AND i.account = $2 AND i.open_minor > 0 ORDER BY due_date, item_id FOR UPDATE OF i",
	[FIND_AMOUNT] =
		"SELECT item_id, open_minor FROM item WHERE account = $1 AND entity = $2 AND currency = $3 AND open_minor > 0"
		" AND open_minor = $4::bigint ORDER BY due_date, item_id LIMIT 1 FOR UPDATE",
	[APPLICATION] = "INSERT INTO application (credit_item, debit_item, amount_minor, accounting_date)"
			" VALUES ($1::bigint, $2::bigint, $3::bigint, $4::date)",
	[TAKE] = "UPDATE item SET open_minor = open_minor - $2::bigint WHERE item_id = $1::bigint",
	[CONSUMED] =
		"INSERT INTO consumed VALUES ($1, $2::int, $3::bigint) ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset",
};

static const char *const topics[] = { "ar.reference.v1", "crm.customer.v1", "crm.sales-order.v1", "bank.payment.v1" };

struct naive {
	PGconn *conn;
	struct arena *arena; /* of one event */
	struct bus_conf conf;
	struct bus_range range[PARTITIONS_MAX];
	int64_t next_offset[PARTITIONS_MAX];
	size_t n_ranges;
	int64_t events, duplicates;
};

/* ---- statements ------------------------------------------------------------------------------------------------------------- */

#define ASK(n, what, ...)                                                                                                          \
	ask((n), (what), (const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))
#define DO(n, what, ...) PQclear(ASK(n, what, __VA_ARGS__))

static PGresult *ask(struct naive *n, enum statement what, const char *const *params, size_t n_params)
{
	char name[16];

	snprintf(name, sizeof(name), "s%d", (int)what);

	PGresult *r = PQexecPrepared(n->conn, name, (int)n_params, params, NULL, NULL, 0);

	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
		program_fail(sql[what], PQerrorMessage(n->conn));
	return r;
}

static void say(struct naive *n, const char *command)
{
	PGresult *r = PQexec(n->conn, command);

	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		program_fail(command, PQerrorMessage(n->conn));
	PQclear(r);
}

static const char *str(struct naive *n, struct text t)
{
	return text_cstr(n->arena, t);
}

static const char *num(struct naive *n, int64_t value)
{
	return text_printf(n->arena, "%lld", (long long)value).s;
}

static const char *day(struct naive *n, date_t date)
{
	char s[DATE_TEXT_SIZE];

	return text_printf(n->arena, "%s", date_format(s, date)).s;
}

/* The value of a row, in the arena. */
static const char *cell(struct naive *n, PGresult *r, int row, int col)
{
	return text_printf(n->arena, "%s", PQgetvalue(r, row, col)).s;
}

static int64_t int_cell(PGresult *r, int row, int col)
{
	return strtoll(PQgetvalue(r, row, col), NULL, 10);
}

/* ---- facts ------------------------------------------------------------------------------------------------------------------ */

static void reference(struct naive *n, const struct reference_event *ev)
{
	if (ev->event_case == REFERENCE_EVENT_ENTITY_RECORDED)
		DO(n, ENTITY, str(n, ev->entity_recorded->entity), str(n, ev->entity_recorded->number_prefix));
	if (ev->event_case == REFERENCE_EVENT_TERMS_RECORDED)
		DO(n, TERMS, str(n, ev->terms_recorded->terms_code), num(n, ev->terms_recorded->days));
}

static void customer(struct naive *n, const struct crm_customer_event *ev)
{
	const struct crm_customer_recorded *c = ev->customer_recorded;
	const char *account = str(n, c->account);

	DO(n, CUSTOMER, account, str(n, c->legal_name), str(n, c->terms_code));
	DO(n, PAYER, str(n, text_normal_name(n->arena, c->legal_name)), account);
	for (size_t i = 0; i < c->n_payer_references; i++)
		DO(n, PAYER, str(n, text_normal_ref(n->arena, c->payer_references[i].value)), account);
}

/* ---- orders ----------------------------------------------------------------------------------------------------------------- */

static void book(struct naive *n, const struct crm_order *o)
{
	const char *order_id = str(n, o->order_id);

	DO(n, ORDER, order_id, str(n, o->account), str(n, o->entity), str(n, o->currency_code), str(n, o->customer_po));
	for (size_t i = 0; i < o->n_lines; i++)
		DO(n, ORDER_LINE, order_id, num(n, o->lines[i].line_no), str(n, o->lines[i].item), num(n, o->lines[i].quantity_e6),
		   num(n, o->lines[i].unit_price_e6), str(n, o->lines[i].taxes[0].code), num(n, o->lines[i].taxes[0].rate_ppm));
}

/* One tax code on all lines of an order here; the tax is of the whole net amount. */
static void ship(struct naive *n, const struct crm_order_fulfilled *f)
{
	const char *order_id = str(n, f->order_id), *date = day(n, f->supply_date);
	PGresult *order = ASK(n, FIND_ORDER, order_id, date), *lines = ASK(n, FIND_LINES, order_id);
	int64_t net = 0, tax = 0, minor;

	if (PQntuples(order) != 1 || PQntuples(lines) == 0)
		program_fail(order_id, "no such order");
	for (int i = 0; i < PQntuples(lines); i++) {
		CHECK(money_extend(int_cell(lines, i, 0), int_cell(lines, i, 1), 2, &minor));
		net += minor;
	}
	CHECK(money_tax(net, int_cell(lines, 0, 3), &tax));
	const char *account = cell(n, order, 0, 0), *entity = cell(n, order, 0, 1), *currency = cell(n, order, 0, 2);
	const char *gross = num(n, net + tax), *po = cell(n, order, 0, 3), *due = cell(n, order, 0, 4),
		   *prefix = cell(n, order, 0, 5);
	PQclear(lines);
	PQclear(order);
	PGresult *taken = ASK(n, NUMBER, entity);
	const char *number = text_printf(n->arena, "%s%010lld", prefix, (long long)int_cell(taken, 0, 0)).s;
	PQclear(taken);
	DO(n, INVOICE, number, account, order_id, entity, currency, date, num(n, net), num(n, tax), gross);
	PGresult *item = ASK(n, ITEM, account, entity, currency, "invoice", number, due, date, gross, gross);
	const char *item_id = cell(n, item, 0, 0);
	PQclear(item);
	DO(n, REFERENCE, number, item_id);
	DO(n, REFERENCE, order_id, item_id);
	DO(n, REFERENCE, po, item_id);
	DO(n, JOURNAL, number, "1", entity, "ar", currency, gross, account, item_id, date);
	DO(n, JOURNAL, number, "2", entity, "revenue", currency, num(n, -net), account, "", date);
	DO(n, JOURNAL, number, "3", entity, "tax_payable", currency, num(n, -tax), account, "", date);
	DO(n, SHIPPED, order_id, num(n, f->order_version));
}

static void order(struct naive *n, const struct crm_sales_order_event *ev)
{
	if (ev->event_case == CRM_SALES_ORDER_EVENT_ORDER_BOOKED)
		book(n, ev->order_booked->order);
	if (ev->event_case == CRM_SALES_ORDER_EVENT_ORDER_FULFILLED)
		ship(n, ev->order_fulfilled);
}

/* ---- bank lines ------------------------------------------------------------------------------------------------------------- */

static const char *payer_of(struct naive *n, const struct bank_line_booked *l)
{
	const struct text values[] = { text_normal_ref(n->arena, l->payer_bank_account),
				       text_normal_name(n->arena, l->payer_name) };
	const char *account = NULL;

	for (size_t i = 0; i < ARRAY_LEN(values) && account == NULL; i++) {
		if (text_empty(values[i]))
			continue;
		PGresult *r = ASK(n, FIND_PAYER, str(n, values[i]));
		if (PQntuples(r) == 1)
			account = cell(n, r, 0, 0);
		PQclear(r);
	}
	return account;
}

/* Words with a digit, without what is around them. */
static size_t words_of(struct naive *n, struct text t, const char **ret_words)
{
	size_t found = 0;

	for (size_t i = 0; i < t.n && found < WORDS_MAX;) {
		size_t begin = i;
		bool digit = false;
		for (; i < t.n && t.s[i] != ' ' && t.s[i] != ',' && t.s[i] != ';' && t.s[i] != '.'; i++)
			digit = digit || (t.s[i] >= '0' && t.s[i] <= '9');
		if (digit && i - begin > 4)
			ret_words[found++] = str(n, (struct text){ t.s + begin, i - begin });
		i++;
	}
	return found;
}

struct receipt {
	const char *item_id, *account, *entity, *currency, *date, *entry;
	int64_t left_minor;
	int line_no;
};

static void apply(struct naive *n, struct receipt *r, const char *debit, int64_t open_minor)
{
	int64_t amount = MIN(open_minor, r->left_minor);

	if (amount <= 0)
		return;
	DO(n, APPLICATION, r->item_id, debit, num(n, amount), r->date);
	DO(n, JOURNAL, r->entry, num(n, r->line_no++), r->entity, "ar_unapplied", r->currency, num(n, amount), r->account,
	   r->item_id, r->date);
	DO(n, JOURNAL, r->entry, num(n, r->line_no++), r->entity, "ar", r->currency, num(n, -amount), r->account, debit, r->date);
	DO(n, TAKE, debit, num(n, amount));
	DO(n, TAKE, r->item_id, num(n, -amount));
	r->left_minor -= amount;
}

static void match(struct naive *n, struct receipt *receipt, struct text text)
{
	const char *words[WORDS_MAX];
	size_t n_words = words_of(n, text, words);

	for (size_t w = 0; w < n_words; w++) {
		PGresult *r = ASK(n, FIND_REFERENCE, words[w], receipt->account);
		for (int i = 0; i < PQntuples(r); i++)
			apply(n, receipt, cell(n, r, i, 0), int_cell(r, i, 1));
		PQclear(r);
	}
	if (n_words > 0)
		return;
	PGresult *r = ASK(n, FIND_AMOUNT, receipt->account, receipt->entity, receipt->currency, num(n, receipt->left_minor));
	if (PQntuples(r) == 1)
		apply(n, receipt, cell(n, r, 0, 0), int_cell(r, 0, 1));
	PQclear(r);
}

static void payment(struct naive *n, const struct bank_payment_event *ev)
{
	const struct bank_line_booked *l = ev->line_booked;

	if (ev->event_case != BANK_PAYMENT_EVENT_LINE_BOOKED)
		return;
	const char *account = payer_of(n, l), *currency = text_printf(n->arena, "%.3s", l->amount.currency).s;
	struct receipt r = { .account = account == NULL ? "" : account,
			     .entity = str(n, l->entity),
			     .currency = currency,
			     .date = day(n, l->booking_date),
			     .entry = str(n, l->line_id),
			     .left_minor = l->amount.minor,
			     .line_no = 3 };
	DO(n, BANK_LINE, str(n, l->bank_account), r.entry, r.entity, currency, num(n, l->amount.minor), r.date, r.account);
	PGresult *item = ASK(n, ITEM, r.account, r.entity, currency, "receipt", r.entry, r.date, r.date, num(n, -l->amount.minor),
			     num(n, -l->amount.minor));
	r.item_id = cell(n, item, 0, 0);
	PQclear(item);
	DO(n, JOURNAL, r.entry, "1", r.entity, "bank_clearing", currency, num(n, l->amount.minor), r.account, "", r.date);
	DO(n, JOURNAL, r.entry, "2", r.entity, "ar_unapplied", currency, num(n, -l->amount.minor), r.account, r.item_id, r.date);
	if (account != NULL)
		match(n, &r, l->remittance_text);
}

/* ---- consuming -------------------------------------------------------------------------------------------------------------- */

static void one_event(struct naive *n, const struct bus_record *record)
{
	const struct wire_topic *topic = wire_topic_find(text_of(record->topic));
	struct text id = TEXT_NONE, source = TEXT_NONE;
	struct err err;
	void *ev;

	arena_reset(n->arena);
	if (!bus_header(record, "ce_id", &id) || !bus_header(record, "ce_source", &source) ||
	    !wire_decode(topic->msg, (const uint8_t *)record->value.s, record->value.n, n->arena, &err, &ev))
		program_fail(record->topic, "not an event");
	say(n, "BEGIN");
	PGresult *seen = ASK(n, SEEN, str(n, source), str(n, id));
	bool first = PQcmdTuples(seen)[0] == '1';
	PQclear(seen);
	if (!first)
		n->duplicates++;
	else if (topic->msg == &reference_event_msg)
		reference(n, ev);
	else if (topic->msg == &crm_customer_event_msg)
		customer(n, ev);
	else if (topic->msg == &crm_sales_order_event_msg)
		order(n, ev);
	else
		payment(n, ev);
	say(n, "COMMIT");
	n->events++;
}

static void find_ranges(struct naive *n)
{
	struct bus_admin *admin;
	struct err err;

	if (!bus_admin_open(&n->conf, &err, &admin))
		program_fail("kafka", err.msg);
	for (size_t t = 0; t < ARRAY_LEN(topics); t++) {
		int32_t partitions;
		if (!bus_topic_info(admin, topics[t], &err, &partitions))
			program_fail(topics[t], err.msg);
		for (int32_t p = 0; p < partitions && n->n_ranges < PARTITIONS_MAX; p++) {
			struct bus_range *range = &n->range[n->n_ranges];
			int64_t low, high;
			if (!bus_watermarks(admin, topics[t], p, &err, &low, &high))
				program_fail(topics[t], err.msg);
			*range = (struct bus_range){ .topic = topics[t], .partition = p, .from = low, .until = high };
			n->next_offset[n->n_ranges++] = high;
		}
	}
	bus_admin_close(admin);
}

static void start_from(struct naive *n)
{
	PGresult *r = PQexec(n->conn, "SELECT topic, partition, next_offset FROM consumed");

	for (int i = 0; i < PQntuples(r); i++)
		for (size_t k = 0; k < n->n_ranges; k++)
			if (strcmp(n->range[k].topic, PQgetvalue(r, i, 0)) == 0 && n->range[k].partition == int_cell(r, i, 1))
				n->range[k].from = int_cell(r, i, 2);
	PQclear(r);
}

static void save_offsets(struct naive *n)
{
	for (size_t i = 0; i < n->n_ranges; i++)
		DO(n, CONSUMED, n->range[i].topic, num(n, n->range[i].partition), num(n, n->next_offset[i]));
}

static void consume(struct naive *n)
{
	struct bus_reader *reader;
	struct bus_record record;
	struct err err;

	if (!bus_reader_open(&n->conf, n->range, n->n_ranges, &err, &reader))
		program_fail("kafka", err.msg);
	for (;;) {
		enum bus_read got = bus_reader_poll(reader, 1000, &record, &err);
		if (got == BUS_READ_DONE)
			break;
		if (got == BUS_READ_FAILED)
			program_fail("kafka", err.msg);
		if (got != BUS_READ_RECORD)
			continue;
		one_event(n, &record);
		bus_record_release(&record);
	}
	bus_reader_close(reader);
}

int main(int argc, char **argv)
{
	struct naive n = { .conf = { .brokers = getenv("OPENITEM_KAFKA_BROKERS"), .client_id = "bench-naive" } };
	const char *conninfo = getenv("OPENITEM_BENCH_NAIVE");

	if (argc != 2 || (strcmp(argv[1], "skip") != 0 && strcmp(argv[1], "run") != 0))
		program_fail("usage", "bench_naive_chain skip|run");
	n.arena = arena_new((size_t)1 << 20, (size_t)64 << 20);
	n.conn = PQconnectdb(conninfo == NULL ? "" : conninfo);
	if (PQstatus(n.conn) != CONNECTION_OK)
		program_fail("postgresql", PQerrorMessage(n.conn));
	for (int i = 0; i < STATEMENTS; i++) {
		char name[16];
		snprintf(name, sizeof(name), "s%d", i);
		PGresult *r = PQprepare(n.conn, name, sql[i], 0, NULL);
		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			program_fail(sql[i], PQerrorMessage(n.conn));
		PQclear(r);
	}
	find_ranges(&n);
	start_from(&n);
	double begun = program_seconds(CLOCK_MONOTONIC), cpu = program_seconds(CLOCK_PROCESS_CPUTIME_ID);
	if (strcmp(argv[1], "run") == 0)
		consume(&n);
	double ended = program_seconds(CLOCK_MONOTONIC);
	save_offsets(&n);
	printf("{\"seconds\": %.6f, \"cpu_s\": %.6f, \"records\": %lld, \"duplicates\": %lld}\n", ended - begun,
	       program_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu, (long long)n.events, (long long)n.duplicates);
	PQfinish(n.conn);
	arena_free(n.arena);
	return 0;
}
