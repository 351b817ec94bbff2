/* invariants_copies: what several services keep is the same everywhere, when all is quiet: items, applications, records. */
#include "invariants_impl.h"

#include "cash/tables.h"
#include "collections/tables.h"
#include "reporting/tables.h"

/* name -> a, b as two sides say it; every name must be on both. */
bool inv_same(struct tally *t, const char *what, const char *left, const char *right, struct err *err)
{
	struct tally_entry *e;

	for (size_t at = 0; (e = tally_next(t, &at)) != NULL;)
		if (e->a != e->b)
			return inv_broken(err, "copies_differ", "%s " TEXT_FMT ": %s has %lld, %s %lld", what, TEXT_ARG(e->key),
					  left, (long long)e->a, right, (long long)e->b);
	return true;
}

static struct tally_entry *item(struct tally *t, struct text account, struct text document_id, int32_t sequence, struct text entity,
				const char *currency)
{
	char buf[KEY_SIZE];

	return tally_at(t, tally_key(buf, sizeof(buf), TEXT_FMT "|" TEXT_FMT "|%d|" TEXT_FMT "|%s", TEXT_ARG(account),
				     TEXT_ARG(document_id), sequence, TEXT_ARG(entity), currency));
}

static void add_cash(struct invariants *inv, struct tally *t, bool holding)
{
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_CASH), &cash_item_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct cash_item_row *r = rows[i];
		if (r->open_minor != 0 && (holding || r->kind != CASH_ITEM_HOLDING))
			item(t, r->account, r->document_id, r->sequence, r->entity, r->currency)->a += r->open_minor;
	}
}

static bool items_of_collections(struct invariants *inv, struct err *err)
{
	struct tally t = { .arena = inv->scratch };
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_COLLECTIONS), &collections_item_table, &n);

	add_cash(inv, &t, false);
	for (size_t i = 0; i < n; i++) {
		const struct collections_item *r = rows[i];
		if (r->open_minor == 0)
			continue;
		if (!r->known)
			return inv_broken(err, "item_unknown",
					  "collections: item " TEXT_FMT "|" TEXT_FMT " moved, and was never made",
					  TEXT_ARG(r->account), TEXT_ARG(r->document_id));
		item(&t, r->account, r->document_id, r->sequence, r->entity, r->currency)->b += r->open_minor;
	}
	return inv_same(&t, "open item", "cash", "collections", err);
}

/* The number of open debit items that a subject keeps is counted right: nobody is forgotten when a day is judged. */
static bool subjects_of_collections(struct invariants *inv, struct err *err)
{
	struct tally t = { .arena = inv->scratch };
	char buf[KEY_SIZE];
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_COLLECTIONS), &collections_item_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct collections_item *r = rows[i];
		if (r->known && r->open_minor > 0)
			tally_at(&t, tally_key(buf, sizeof(buf), TEXT_FMT "|" TEXT_FMT "|%s", TEXT_ARG(r->account),
					       TEXT_ARG(r->entity), r->currency))
				->a++;
	}
	rows = mem_rows(sim_mem(inv->w, SIM_COLLECTIONS), &collections_subject_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct collections_subject *r = rows[i];
		tally_at(&t, tally_key(buf, sizeof(buf), TEXT_FMT "|" TEXT_FMT "|%s", TEXT_ARG(r->account), TEXT_ARG(r->entity),
				       r->currency))
			->b += r->items;
	}
	return inv_same(&t, "open debit items of subject", "its items", "the subject", err);
}

static bool items_of_reporting(struct invariants *inv, struct err *err)
{
	struct tally t = { .arena = inv->scratch };
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_REPORTING), &reporting_item_table, &n);

	add_cash(inv, &t, true);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_item *r = rows[i];
		if (text_empty(r->kind))
			return inv_broken(err, "item_held", "reporting: the facts of item " TEXT_FMT "|" TEXT_FMT " never came",
					  TEXT_ARG(r->account), TEXT_ARG(r->document_id));
		if (r->open_minor != 0)
			item(&t, r->account, r->document_id, r->sequence, r->entity, r->currency)->b += r->open_minor;
	}
	return inv_same(&t, "open item", "cash", "reporting", err);
}

static bool applications_of_reporting(struct invariants *inv, struct err *err)
{
	struct tally t = { .arena = inv->scratch };
	char buf[KEY_SIZE];
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, SIM_CASH), &cash_application_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct cash_application_row *r = rows[i];
		if (r->in_force)
			tally_at(&t, tally_key(buf, sizeof(buf), TEXT_FMT "|" TEXT_FMT "|" TEXT_FMT ":%d|" TEXT_FMT ":%d",
					       TEXT_ARG(r->account), TEXT_ARG(r->application_id), TEXT_ARG(r->credit_document_id),
					       r->credit_sequence, TEXT_ARG(r->debit_document_id), r->debit_sequence))
				->a += r->amount_minor;
	}
	rows = mem_rows(sim_mem(inv->w, SIM_REPORTING), &reporting_application_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_application *r = rows[i];
		if (r->undone_on == DATE_NONE)
			tally_at(&t, tally_key(buf, sizeof(buf), TEXT_FMT "|" TEXT_FMT "|" TEXT_FMT ":%d|" TEXT_FMT ":%d",
					       TEXT_ARG(r->account), TEXT_ARG(r->application_id), TEXT_ARG(r->credit_document_id),
					       r->credit_sequence, TEXT_ARG(r->debit_document_id), r->debit_sequence))
				->b += r->amount_minor;
	}
	return inv_same(&t, "application", "cash", "reporting", err);
}

/* ---- records ------------------------------------------------------------------------------------------------------------------------- */

/* Every outcome but dead letters stands in reporting, byte for byte, and nothing else does. */
static bool records_of(struct invariants *inv, enum sim_service s, size_t *found, struct err *err)
{
	struct mem *reporting = sim_mem(inv->w, SIM_REPORTING);
	size_t n;
	const void *const *rows = mem_rows(sim_mem(inv->w, s), &outcome_table, &n);

	for (size_t i = 0; i < n; i++) {
		const struct outcome_row *row = rows[i];
		if (!text_empty(row->dead_record))
			continue;
		struct reporting_record key = { .lane = s == SIM_INTAKE ? row->out_partition : row->lane,
						.service = text_of(inv_service_name[s]),
						.source_lane = row->lane,
						.seq = row->seq };
		const struct reporting_record *r = inv_row(reporting, &reporting_record_table, &key);
		if (r == NULL)
			return inv_broken(err, "record_missing", "reporting has no record %lld of %s lane %d (" TEXT_FMT ")",
					  (long long)row->seq, inv_service_name[s], row->lane, TEXT_ARG(row->type));
		if (!text_eq(r->value, row->value) || !text_eq(r->hash, row->hash))
			return inv_broken(err, "record_differs", "reporting has another record %lld of %s lane %d",
					  (long long)row->seq, inv_service_name[s], row->lane);
		++*found;
	}
	return true;
}

static bool records_of_reporting(struct invariants *inv, struct err *err)
{
	struct tally lanes = { .arena = inv->scratch };
	struct tally_entry *e;
	char buf[KEY_SIZE];
	size_t n, found = 0;
	const void *const *rows;

	for (int s = SIM_INTAKE; s < SIM_REPORTING; s++)
		if (!records_of(inv, (enum sim_service)s, &found, err))
			return false;
	rows = mem_rows(sim_mem(inv->w, SIM_REPORTING), &reporting_record_table, &n);
	if (n != found)
		return inv_broken(err, "record_unknown", "reporting has %zu records, the services made %zu", n, found);
	/* Its own numbers: 1, 2, 3 ... per lane: as many as the highest, none twice. */
	for (size_t i = 0; i < n; i++) {
		const struct reporting_record *r = rows[i];
		e = tally_at(&lanes, tally_key(buf, sizeof(buf), "%d", r->lane));
		e->a++;
		e->b = MAX(e->b, r->ledger_seq);
		if (tally_at(&lanes, tally_key(buf, sizeof(buf), "%d|%lld", r->lane, (long long)r->ledger_seq))->seen)
			return inv_broken(err, "ledger_seq", "reporting lane %d has two records of ledger_seq %lld", r->lane,
					  (long long)r->ledger_seq);
		e = tally_find(&lanes, tally_key(buf, sizeof(buf), "%d|%lld", r->lane, (long long)r->ledger_seq));
		e->seen = true;
	}
	for (size_t at = 0; (e = tally_next(&lanes, &at)) != NULL;)
		if (e->a != e->b && !e->seen)
			return inv_broken(err, "ledger_seq", "reporting lane " TEXT_FMT ": %lld records, numbered up to %lld",
					  TEXT_ARG(e->key), (long long)e->a, (long long)e->b);
	return true;
}

bool inv_copies(struct invariants *inv, struct err *err)
{
	return items_of_collections(inv, err) && subjects_of_collections(inv, err) && items_of_reporting(inv, err) &&
	       applications_of_reporting(inv, err) && records_of_reporting(inv, err);
}
