#include "reporting/core/ledger.h"
#include "reporting/core/item.h"
#include "reporting/tables.h"

/* LEDGER section 2: AR control = AR + AR-unapplied + AR-on-account. */
static bool is_control(enum type_ledger_account account)
{
	return account == TYPE_LEDGER_ACCOUNT_AR || account == TYPE_LEDGER_ACCOUNT_AR_UNAPPLIED ||
	       account == TYPE_LEDGER_ACCOUNT_AR_ON_ACCOUNT;
}

/* Unidentified receipts carry holding items, outside AR control. */
static bool carries_items(enum type_ledger_account account)
{
	return is_control(account) || account == TYPE_LEDGER_ACCOUNT_UNIDENTIFIED_RECEIPTS;
}

/* A line that names an item names its account too; no decision touches two accounts. */
static struct text item_account(const struct reporting_note *n, const struct type_journal_line *l)
{
	return l->account.n == 0 && l->item_sequence > 0 ? n->account : l->account;
}

static void put_line(const struct reporting_note *n, const struct type_journal_entry *e, int32_t entry_no, int32_t line_no)
{
	const struct type_journal_line *l = &e->lines[line_no - 1];
	struct reporting_ledger_line row = {
		.lane = n->input->lane,
		.ledger_seq = n->ledger_seq,
		.entry_no = entry_no,
		.line_no = line_no,
		.service = n->provenance->service,
		.seq = n->provenance->seq,
		.kind = e->kind,
		.entity = e->entity,
		.accounting_date = e->accounting_date,
		.ledger_account = reporting_enum_name(&type_ledger_account_enum, l->ledger_account),
		.amount_minor = l->amount.minor,
		.functional_minor = l->functional.minor,
		.account = item_account(n, l),
		.document_id = l->document_id,
		.item_sequence = l->item_sequence,
		.detail = l->detail,
	};

	memcpy(row.currency, l->amount.currency, sizeof(row.currency));
	memcpy(row.functional_currency, l->functional.currency, sizeof(row.functional_currency));
	book_put(n->book, &reporting_ledger_line_table, &row);
}

static void add_total(const struct reporting_note *n, const struct type_journal_entry *e, const struct type_journal_line *l)
{
	struct reporting_day_total row = {
		.lane = n->input->lane,
		.entity = e->entity,
		.ledger_account = reporting_enum_name(&type_ledger_account_enum, l->ledger_account),
		.accounting_date = e->accounting_date,
		.type = n->type,
		.debit_minor = MAX(l->amount.minor, INT64_C(0)),
		.credit_minor = -MIN(l->amount.minor, INT64_C(0)),
		.functional_minor = l->functional.minor,
	};

	memcpy(row.currency, l->amount.currency, sizeof(row.currency));
	memcpy(row.functional_currency, l->functional.currency, sizeof(row.functional_currency));
	book_put(n->book, &reporting_day_total_table, &row);
}

static void add_control(const struct reporting_note *n, const struct type_journal_entry *e, const struct type_journal_line *l)
{
	struct reporting_tie_out row = {
		.lane = n->input->lane,
		.entity = e->entity,
		.control_minor = l->amount.minor,
	};

	memcpy(row.currency, l->amount.currency, sizeof(row.currency));
	book_put(n->book, &reporting_tie_out_table, &row);
}

static void add_open(const struct reporting_note *n, const struct type_journal_entry *e, const struct type_journal_line *l)
{
	struct reporting_item row = reporting_item_of(n, l->document_id, l->item_sequence, e->entity, l->amount.currency);

	row.account = item_account(n, l);
	row.open_minor = l->amount.minor;
	book_put(n->book, &reporting_item_table, &row);
}

void reporting_ledger_note(const struct reporting_note *n)
{
	for (size_t i = 0; i < n->n_entries; i++) {
		const struct type_journal_entry *e = &n->entries[i];

		for (size_t k = 0; k < e->n_lines; k++) {
			const struct type_journal_line *l = &e->lines[k];

			put_line(n, e, (int32_t)i + 1, (int32_t)k + 1);
			add_total(n, e, l);
			if (is_control(l->ledger_account))
				add_control(n, e, l);
			if (carries_items(l->ledger_account) && l->item_sequence > 0)
				add_open(n, e, l);
		}
	}
}
