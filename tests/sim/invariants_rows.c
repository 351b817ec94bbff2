/* invariants_rows: rows of a service against its own outcomes. Cheap enough to be looked at after every commit. */
#include "invariants_impl.h"

#include "cash/tables.h"
#include "reporting/tables.h"

/* ---- cash: items (LEDGER section 1) ------------------------------------------------------------------------------------------------ */

static struct text item_key(char *buf, size_t size, struct text account, struct text document_id, int32_t sequence)
{
	return tally_key(buf, size, TEXT_FMT "|" TEXT_FMT "|%d", TEXT_ARG(account), TEXT_ARG(document_id), sequence);
}

/* No item is applied beyond its amount: open lies between 0 and what it came with. */
static bool is_bounded(const struct cash_item_row *item)
{
	int64_t from = item->brought_minor != 0 ? item->brought_minor : item->original_minor;

	switch ((enum cash_item_kind)item->kind) {
	case CASH_ITEM_INVOICE:
	case CASH_ITEM_DEBIT_MEMO:
		return item->open_minor >= 0 && item->open_minor <= from;
	case CASH_ITEM_CREDIT_MEMO:
	case CASH_ITEM_RECEIPT:
	case CASH_ITEM_HOLDING:
		return item->open_minor <= 0 && item->open_minor >= from;
	case CASH_ITEM_RETURN:
		return item->open_minor == 0;
	}
	return false;
}

bool inv_cash_rows(struct invariants *inv, struct err *err)
{
	struct tally *sums = &inv->service[SIM_CASH].items;
	char buf[KEY_SIZE];
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_CASH), &cash_item_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct cash_item_row *item = rows[i];
		struct text key = item_key(buf, sizeof(buf), item->account, item->document_id, item->sequence);
		const struct tally_entry *sum = tally_find(sums, key);
		int64_t moved = sum != NULL ? sum->a : 0;

		if (item->open_minor != item->brought_minor + moved)
			return inv_broken(
				err, "item_open",
				"L1.5a: item " TEXT_FMT ": %lld is open, but it brought %lld and its control lines are %lld",
				TEXT_ARG(key), (long long)item->open_minor, (long long)item->brought_minor, (long long)moved);
		if (!is_bounded(item))
			return inv_broken(err, "over_applied", "L1.3b: item " TEXT_FMT " of kind %d: %lld is open of %lld",
					  TEXT_ARG(key), item->kind, (long long)item->open_minor, (long long)item->original_minor);
	}
	return true;
}

/* ---- reporting: journal and events agree, after every record (RPT-06, AUD-05) ----------------------------------------------------------
 * On a holding account after every decision: a line whose payer is known is posted by one record and leaves by the next. */

bool inv_reporting_rows(struct invariants *inv, bool quiet, struct err *err)
{
	struct mem *mem = sim_mem(inv->w, SIM_REPORTING);
	size_t n;
	const void *const *rows = mem_rows(mem, &reporting_tie_out_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct reporting_tie_out *t = rows[i];
		if (t->items_minor != t->control_minor)
			return inv_broken(err, "tie_out", "reporting lane %d, " TEXT_FMT " %s: events say %lld, AR control %lld",
					  t->lane, TEXT_ARG(t->entity), t->currency, (long long)t->items_minor,
					  (long long)t->control_minor);
	}
	rows = mem_rows(mem, &reporting_item_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_item *it = rows[i];
		if (it->open_minor != it->brought_minor + it->applied_minor && (quiet || !text_starts(it->account, TEXT("~"))))
			return inv_broken(err, "item_history",
					  "L3.3b: reporting, item " TEXT_FMT "|" TEXT_FMT ": open %lld, brought %lld, applied %lld",
					  TEXT_ARG(it->account), TEXT_ARG(it->document_id), (long long)it->open_minor,
					  (long long)it->brought_minor, (long long)it->applied_minor);
	}
	return true;
}

/* ---- cash and billing together, when all is quiet (LEDGER section 1: conservation per entity and currency) ------------------------------- */

static void add_items(struct invariants *inv, struct tally *open)
{
	char buf[KEY_SIZE];
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_CASH), &cash_item_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct cash_item_row *item = rows[i];
		struct tally_entry *e =
			tally_at(open, tally_key(buf, sizeof(buf), TEXT_FMT "|%s", TEXT_ARG(item->entity), item->currency));
		if (item->kind == CASH_ITEM_HOLDING)
			e->b += item->open_minor;
		else
			e->a += item->open_minor;
	}
}

static int64_t balance(struct invariants *inv, struct text entity_currency, enum type_ledger_account account)
{
	char buf[KEY_SIZE];
	struct text key = tally_key(buf, sizeof(buf), TEXT_FMT "|%d", TEXT_ARG(entity_currency), (int)account);
	int64_t sum = 0;

	for (int s = SIM_BILLING; s <= SIM_CASH; s++) {
		const struct tally_entry *e = tally_find(&inv->service[s].ledger, key);
		sum += e != NULL ? e->a : 0;
	}
	return sum;
}

/* Applications in force of and to an item are what it lost. */
static bool applications(struct invariants *inv, struct err *err)
{
	struct tally applied = { .arena = inv->scratch };
	char buf[KEY_SIZE];
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_CASH), &cash_application_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct cash_application_row *a = rows[i];
		if (!a->in_force)
			continue;
		tally_at(&applied, item_key(buf, sizeof(buf), a->account, a->credit_document_id, a->credit_sequence))->a +=
			a->amount_minor;
		tally_at(&applied, item_key(buf, sizeof(buf), a->account, a->debit_document_id, a->debit_sequence))->a -=
			a->amount_minor;
	}
	rows = mem_rows(sim_mem(inv->w, SIM_CASH), &cash_item_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct cash_item_row *item = rows[i];
		struct text key = item_key(buf, sizeof(buf), item->account, item->document_id, item->sequence);
		const struct tally_entry *e = tally_find(&applied, key);
		bool gone = !text_empty(item->away_transfer) || !text_empty(item->returned_by) || item->kind == CASH_ITEM_RETURN;
		int64_t from = item->brought_minor != 0 ? item->brought_minor : item->original_minor;
		int64_t minor = e != NULL ? e->a : 0;

		if (item->kind == CASH_ITEM_HOLDING)
			continue;
		if (gone ? minor != 0 || item->open_minor != 0 : item->open_minor != from + minor)
			return inv_broken(err, "applications",
					  "item " TEXT_FMT ": %lld is open of %lld, applications in force are %lld%s",
					  TEXT_ARG(key), (long long)item->open_minor, (long long)from, (long long)minor,
					  gone ? ", and it is gone" : "");
	}
	return true;
}

bool inv_cash_totals(struct invariants *inv, struct err *err)
{
	struct tally open = { .arena = inv->scratch };
	struct tally_entry *e;

	add_items(inv, &open);
	for (int s = SIM_BILLING; s <= SIM_CASH; s++) {
		char buf[KEY_SIZE];
		for (size_t at = 0; (e = tally_next(&inv->service[s].ledger, &at)) != NULL;) /* entities without an item, too */
			tally_at(&open, tally_key(buf, sizeof(buf), "%.*s",
						  (int)(e->key.n - (e->key.s[e->key.n - 2] == '|' ? 2 : 3)), e->key.s));
	}
	for (size_t at = 0; (e = tally_next(&open, &at)) != NULL;) {
		int64_t control = balance(inv, e->key, TYPE_LEDGER_ACCOUNT_AR) +
				  balance(inv, e->key, TYPE_LEDGER_ACCOUNT_AR_UNAPPLIED) +
				  balance(inv, e->key, TYPE_LEDGER_ACCOUNT_AR_ON_ACCOUNT);
		int64_t unidentified = balance(inv, e->key, TYPE_LEDGER_ACCOUNT_UNIDENTIFIED_RECEIPTS);
		int64_t transit = balance(inv, e->key, TYPE_LEDGER_ACCOUNT_MONEY_IN_TRANSIT);

		if (control != e->a)
			return inv_broken(err, "conservation", "L1.5b: " TEXT_FMT ": open items are %lld, AR control is %lld",
					  TEXT_ARG(e->key), (long long)e->a, (long long)control);
		if (unidentified != e->b)
			return inv_broken(err, "unidentified", TEXT_FMT ": holding items are %lld, unidentified receipts %lld",
					  TEXT_ARG(e->key), (long long)e->b, (long long)unidentified);
		if (transit != 0)
			return inv_broken(err, "in_transit", "L1.2a: " TEXT_FMT ": %lld is in transit, and nothing is on its way",
					  TEXT_ARG(e->key), (long long)transit);
	}
	for (size_t at = 0; (e = tally_next(&inv->service[SIM_CASH].transit, &at)) != NULL;)
		if (e->a != 0)
			return inv_broken(err, "never_arrived", "transfer " TEXT_FMT " has not arrived: %lld", TEXT_ARG(e->key),
					  (long long)e->a);
	return applications(inv, err);
}
