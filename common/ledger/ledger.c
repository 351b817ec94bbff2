#include "ledger/ledger.h"

struct ledger ledger_new(struct arena *arena)
{
	return (struct ledger){ .arena = arena };
}

bool ledger_is_control(enum type_ledger_account account)
{
	return account == TYPE_LEDGER_ACCOUNT_AR || account == TYPE_LEDGER_ACCOUNT_AR_UNAPPLIED ||
	       account == TYPE_LEDGER_ACCOUNT_AR_ON_ACCOUNT;
}

/* Sum of the functional amounts in the currency of line `of`; false when it overflows. */
static bool sum_like(const struct type_journal_entry *entry, size_t of, int64_t *ret_minor)
{
	int64_t sum = 0;

	for (size_t i = 0; i < entry->n_lines; i++) {
		const struct money *f = &entry->lines[i].functional;
		if (memcmp(f->currency, entry->lines[of].functional.currency, sizeof(f->currency)) != 0)
			continue;
		if (!money_add_minor(sum, f->minor, &sum))
			return false;
	}
	*ret_minor = sum;
	return true;
}

bool ledger_is_sound(const struct type_journal_entry *entry)
{
	for (size_t i = 0; i < entry->n_lines; i++) {
		const struct type_journal_line *line = &entry->lines[i];
		int64_t sum;

		if (ledger_is_control(line->ledger_account) &&
		    (text_empty(line->account) || text_empty(line->document_id) || line->item_sequence < 1))
			return false;
		/* Entries have one functional currency: the others are skipped at the cost of one comparison. */
		if (i > 0 && memcmp(line->functional.currency, entry->lines[i - 1].functional.currency,
				    sizeof(line->functional.currency)) == 0)
			continue;
		if (!sum_like(entry, i, &sum) || sum != 0)
			return false;
	}
	return true;
}

/* The entry begun last is complete: it must be sound; without lines it never was. */
static void finish_last(struct ledger *j)
{
	if (j->n_entries == 0)
		return;
	CHECK(ledger_is_sound(&j->entries[j->n_entries - 1]));
	if (j->entries[j->n_entries - 1].n_lines == 0)
		j->n_entries--;
}

void ledger_start(struct ledger *j, struct text kind, struct text entity, date_t accounting_date)
{
	finish_last(j);
	CHECK(j->n_entries < LEDGER_ENTRIES_MAX);
	if (j->n_entries == j->cap_entries) {
		size_t cap = j->cap_entries ? j->cap_entries * 2 : 2;
		struct type_journal_entry *grown = WIRE_ARRAY(j->arena, cap, type_journal_entry);
		if (j->n_entries > 0)
			memcpy(grown, j->entries, j->n_entries * sizeof(*grown));
		j->entries = grown;
		j->cap_entries = cap;
	}
	j->entries[j->n_entries++] = (struct type_journal_entry){
		.kind = kind,
		.entity = entity,
		.accounting_date = accounting_date,
	};
	j->cap_lines = 0;
}

static struct type_journal_line *add_line(struct ledger *j, enum type_ledger_account account, struct money amount)
{
	CHECK(j->n_entries > 0);
	struct type_journal_entry *entry = &j->entries[j->n_entries - 1];

	CHECK(entry->n_lines < LEDGER_LINES_MAX);
	if (entry->n_lines == j->cap_lines) {
		size_t cap = j->cap_lines ? j->cap_lines * 2 : 4;
		struct type_journal_line *grown = WIRE_ARRAY(j->arena, cap, type_journal_line);
		if (entry->n_lines > 0)
			memcpy(grown, entry->lines, entry->n_lines * sizeof(*grown));
		entry->lines = grown;
		j->cap_lines = cap;
	}
	struct type_journal_line *line = &entry->lines[entry->n_lines++];
	*line = (struct type_journal_line){ .ledger_account = account, .amount = amount, .functional = amount };
	return line;
}

void ledger_line(struct ledger *j, enum type_ledger_account account, struct money amount, struct text detail)
{
	if (amount.minor != 0)
		add_line(j, account, amount)->detail = detail;
}

void ledger_item(struct ledger *j, enum type_ledger_account account, struct money amount, struct ledger_item_ref item)
{
	if (amount.minor == 0)
		return;
	struct type_journal_line *line = add_line(j, account, amount);
	line->account = item.account;
	line->document_id = item.document_id;
	line->item_sequence = item.sequence;
}

struct type_journal_entry *ledger_entries(struct ledger *j, size_t *ret_n)
{
	finish_last(j);
	*ret_n = j->n_entries;
	return j->n_entries > 0 ? j->entries : NULL;
}

struct money ledger_neg(struct money amount)
{
	CHECK(money_neg_minor(amount.minor, &amount.minor));
	return amount;
}
