/* invariants_books: reporting's ledger against the journal of billing and cash; document numbers; bank statements; reminders. */
#include "invariants_impl.h"

#include "billing/tables.h"
#include "cash/tables.h"
#include "reporting/tables.h"

static int account_of(struct text name)
{
	for (size_t i = 0; i < type_ledger_account_enum.n; i++)
		if (text_eq(name, text_of(type_ledger_account_enum.values[i].name)))
			return type_ledger_account_enum.values[i].number;
	return 0;
}

static bool compare(struct tally *t, const char *code, const char *what, struct err *err)
{
	struct tally_entry *e;

	for (size_t at = 0; (e = tally_next(t, &at)) != NULL;)
		if (e->a != e->b)
			return inv_broken(err, code, "%s " TEXT_FMT ": expected %lld, found %lld", what, TEXT_ARG(e->key),
					  (long long)e->a, (long long)e->b);
	return true;
}

/* ---- ledger ----------------------------------------------------------------------------------------------------------------------- */

/* Lines, and totals by day, are what the journal of the services sums to. */
static bool ledger(struct invariants *inv, struct err *err)
{
	struct tally lines = { .arena = inv->scratch }, totals = { .arena = inv->scratch };
	struct tally_entry *e;
	char buf[KEY_SIZE];
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_REPORTING), &reporting_ledger_line_table, &n);

	for (int s = SIM_BILLING; s <= SIM_CASH; s++)
		for (size_t at = 0; (e = tally_next(&inv->service[s].ledger, &at)) != NULL;) {
			tally_at(&lines, e->key)->a += e->a;
			tally_at(&totals, e->key)->a += e->a;
		}
	for (size_t i = 0; i < n; i++) {
		const struct reporting_ledger_line *l = rows[i];
		tally_at(&lines, tally_key(buf, sizeof(buf), TEXT_FMT "|%s|%d", TEXT_ARG(l->entity), l->currency,
					   account_of(l->ledger_account)))
			->b += l->amount_minor;
	}
	rows = mem_rows(sim_mem(inv->w, SIM_REPORTING), &reporting_day_total_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_day_total *d = rows[i];
		if (d->functional_minor != d->debit_minor - d->credit_minor)
			return inv_broken(err, "day_total",
					  "reporting: day total of " TEXT_FMT " " TEXT_FMT ": functional %lld, transaction %lld",
					  TEXT_ARG(d->entity), TEXT_ARG(d->ledger_account), (long long)d->functional_minor,
					  (long long)(d->debit_minor - d->credit_minor));
		tally_at(&totals, tally_key(buf, sizeof(buf), TEXT_FMT "|%s|%d", TEXT_ARG(d->entity), d->currency,
					    account_of(d->ledger_account)))
			->b += d->debit_minor - d->credit_minor;
	}
	return compare(&lines, "ledger_lines", "ledger lines of", err) && compare(&totals, "day_totals", "day totals of", err);
}

/* ---- numbers ------------------------------------------------------------------------------------------------------------------------- */

static bool numbers(struct invariants *inv, struct err *err)
{
	struct tally series = { .arena = inv->scratch }, names = { .arena = inv->scratch };
	struct tally_entry *e;
	char buf[KEY_SIZE];
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_BILLING), &bil_series_table, &n);

	/* The tally has lane|entity|prefix, type and year; billing's counters lane, entity, type and year: sums per lane and entity. */
	for (size_t i = 0; i < n; i++) {
		const struct series_row *r = rows[i];
		tally_at(&series, tally_key(buf, sizeof(buf), "%d|" TEXT_FMT, r->lane, TEXT_ARG(r->entity)))->a += r->last_number;
	}
	for (size_t at = 0; (e = tally_next(&inv->service[SIM_BILLING].numbers, &at)) != NULL;)
		tally_at(&series, tally_key(buf, sizeof(buf), "%.*s", (int)(e->key.n - 9), e->key.s))->b += e->a;
	rows = mem_rows(sim_mem(inv->w, SIM_REPORTING), &reporting_document_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_document *d = rows[i];
		if (!text_empty(d->number) && tally_at(&names, d->number)->a++ > 0)
			return inv_broken(err, "number_twice", "number " TEXT_FMT " stands for two documents", TEXT_ARG(d->number));
	}
	return compare(&series, "series", "numbers given in", err);
}

/* ---- statements (CSH-01) ---------------------------------------------------------------------------------------------------------------- */

static bool statements(struct invariants *inv, struct err *err)
{
	struct tally lines = { .arena = inv->scratch };
	char buf[KEY_SIZE];
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_REPORTING), &reporting_bank_line_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct reporting_bank_line *l = rows[i];
		struct tally_entry *e = tally_at(&lines, tally_key(buf, sizeof(buf), TEXT_FMT "|" TEXT_FMT, TEXT_ARG(l->account),
								   TEXT_ARG(l->statement_id)));
		e->a += l->amount_minor - l->fee_minor;
		e->b++;
	}
	rows = mem_rows(sim_mem(inv->w, SIM_REPORTING), &reporting_statement_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_statement *s = rows[i];
		const struct tally_entry *e = tally_at(&lines, tally_key(buf, sizeof(buf), TEXT_FMT "|" TEXT_FMT,
									 TEXT_ARG(s->account), TEXT_ARG(s->statement_id)));
		if (s->lines_minor != e->a || s->line_count != e->b)
			return inv_broken(err, "statement_lines",
					  "statement " TEXT_FMT ": cash counted %d lines, %lld; reporting has %lld, %lld",
					  TEXT_ARG(s->statement_id), s->line_count, (long long)s->lines_minor, (long long)e->b,
					  (long long)e->a);
		if (s->ties_out != (s->closing_minor - s->opening_minor == e->a))
			return inv_broken(err, "statement_ties",
					  "L2.19b: statement " TEXT_FMT
					  " from %lld to %lld with lines of %lld: said to tie out: %d",
					  TEXT_ARG(s->statement_id), (long long)s->opening_minor, (long long)s->closing_minor,
					  (long long)e->a, s->ties_out);
	}
	return true;
}

/* ---- what the bank brought: holding + transit + customers' -------------------------------------------------------------------------------- */

/* The money of every posted line is in exactly one place: still held, with a customer, or gone back. */
static bool money_of_lines(struct invariants *inv, struct err *err)
{
	struct tally t = { .arena = inv->scratch };
	struct tally_entry *e;
	char buf[KEY_SIZE];
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_CASH), &cash_line_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct cash_line_row *l = rows[i];
		if (l->kind == CASH_LINE_PAYMENT)
			tally_at(&t,
				 tally_key(buf, sizeof(buf), TEXT_FMT "|" TEXT_FMT,
					   TEXT_ARG(((struct text){ l->account.s + 1, l->account.n - 1 })), TEXT_ARG(l->line_id)))
				->a++;
	}
	rows = mem_rows(sim_mem(inv->w, SIM_CASH), &cash_item_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct cash_item_row *r = rows[i];
		if ((r->kind == CASH_ITEM_HOLDING || r->kind == CASH_ITEM_RECEIPT) && !text_empty(r->line_id) &&
		    text_empty(r->away_transfer))
			tally_at(&t, tally_key(buf, sizeof(buf), TEXT_FMT "|" TEXT_FMT, TEXT_ARG(r->bank_account),
					       TEXT_ARG(r->line_id)))
				->b++;
	}
	for (size_t at = 0; (e = tally_next(&t, &at)) != NULL;)
		if (e->a != 1 || e->b != 1)
			return inv_broken(err, "money_of_line",
					  "L2.18a: line " TEXT_FMT ": %lld lines posted, its money is in %lld places",
					  TEXT_ARG(e->key), (long long)e->a, (long long)e->b);
	return true;
}

/* Every reminder that collections sent is in reporting, once. */
static bool notices(struct invariants *inv, struct err *err)
{
	struct tally t = { .arena = inv->scratch };
	char buf[KEY_SIZE];
	size_t n, sent = 0, kept;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_COLLECTIONS), &outcome_table, &n);

	for (size_t i = 0; i < n; i++)
		sent += text_eq(((const struct outcome_row *)rows[i])->type, TEXT("openitem.collections.notice_issued.v1"));
	rows = mem_rows(sim_mem(inv->w, SIM_REPORTING), &reporting_notice_table, &kept);
	for (size_t i = 0; i < kept; i++) {
		const struct reporting_notice *r = rows[i];
		struct text key = tally_key(buf, sizeof(buf), TEXT_FMT "|" TEXT_FMT "|%s|%d|%d", TEXT_ARG(r->account),
					    TEXT_ARG(r->entity), r->currency, r->episode, r->level);
		if (tally_at(&t, key)->a++ > 0)
			return inv_broken(err, "notice_twice", "two reminders of " TEXT_FMT, TEXT_ARG(key));
	}
	return sent == kept || inv_broken(err, "notices_lost", "collections sent %zu reminders, reporting has %zu", sent, kept);
}

bool inv_books(struct invariants *inv, struct err *err)
{
	return ledger(inv, err) && numbers(inv, err) && statements(inv, err) && money_of_lines(inv, err) && notices(inv, err);
}
