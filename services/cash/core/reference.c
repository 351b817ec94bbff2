#include "cash/core/reference.h"

#define COUNTER_DIGITS_MAX 4 /* "a bare counter is not a reference" (LEDGER section 4) */
#define JOINED_PIECES_MAX  4

/* What people write before a number. Longer ones first: INVOICE is not OICE behind INV. */
static const struct text prefixes[] = {
	TEXT("RECHNUNG"), TEXT("INVOICE"), TEXT("ORDER"), TEXT("BILL"), TEXT("FACT"), TEXT("INV"),
	TEXT("REF"),      TEXT("RG"),      TEXT("RE"),    TEXT("NR"),   TEXT("NO"),   TEXT("PO"),
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool cash_reference_usable(struct text raw)
{
	size_t digits = 0, letters = 0;

	for (size_t i = 0; i < raw.n; i++) {
		if (is_digit(raw.s[i]))
			digits++;
		else if (is_word(raw.s[i]))
			letters++;
	}
	if (digits == 0 || digits + letters > CASH_REFERENCE_BYTES)
		return false;
	return letters > 0 || digits > COUNTER_DIGITS_MAX;
}

static struct text drop_zeros(struct text value)
{
	for (size_t i = 0; i < value.n; i++)
		if (!is_digit(value.s[i]))
			return value;
	while (value.n > 1 && value.s[0] == '0') {
		value.s++;
		value.n--;
	}
	return value;
}

struct text cash_reference_normal(struct arena *arena, struct text raw)
{
	if (!cash_reference_usable(raw))
		return TEXT_NONE;
	return drop_zeros(text_normal_ref(arena, raw));
}

static bool add(struct arena *arena, struct cash_reference_list *list, struct cash_reference_value value)
{
	if (text_empty(value.value) || list->n == CASH_REFERENCES_MAX)
		return false;
	for (size_t i = 0; i < list->n; i++)
		if (text_eq(list->values[i].value, value.value))
			return false;
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 8;
		struct cash_reference_value *grown = ARENA_ARRAY(arena, cap, struct cash_reference_value);
		if (list->n > 0)
			memcpy(grown, list->values, list->n * sizeof(*grown));
		list->values = grown;
		list->cap = cap;
	}
	list->values[list->n++] = value;
	return true;
}

static void add_text(struct arena *arena, struct cash_reference_list *list, struct text raw)
{
	add(arena, list, (struct cash_reference_value){ .value = cash_reference_normal(arena, raw) });
}

/* Also what is behind the prefixes: "InvNo:4711-X" -> NO4711X, 4711X. */
static void add_without_prefixes(struct arena *arena, struct cash_reference_list *list, struct text raw)
{
	struct text value = text_normal_ref(arena, raw);

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		if (!text_starts(value, prefixes[i]))
			continue;
		value.s += prefixes[i].n;
		value.n -= prefixes[i].n;
		add_text(arena, list, value);
		i = SIZE_MAX; /* from the first again */
	}
}

static void add_structured(struct arena *arena, struct cash_reference_list *list, const struct cash_remittance *remittance)
{
	for (size_t i = 0; i < remittance->n_references; i++) {
		const struct cash_remittance_reference *r = &remittance->references[i];
		struct cash_reference_value value = { .value = cash_reference_normal(arena, r->reference),
						      .advised = true,
						      .amount_minor = r->amount_minor };

		/* Named twice, as two parts of one document: what is meant for it is the sum. */
		if (add(arena, list, value) || r->amount_minor == 0)
			continue;
		for (size_t k = 0; k < list->n; k++)
			if (text_eq(list->values[k].value, value.value) && list->values[k].amount_minor != 0)
				CHECK(money_add_minor(list->values[k].amount_minor, r->amount_minor,
						      &list->values[k].amount_minor));
	}
}

static void add_tokens(struct arena *arena, struct cash_reference_list *list, struct text text)
{
	struct text token;

	while (list->n < CASH_REFERENCES_MAX && text_token(&text, &token)) {
		add_text(arena, list, token);
		add_without_prefixes(arena, list, token);
	}
}

/* The next run of letters and digits. */
static bool next_piece(struct text *rest, struct text *ret_piece)
{
	while (rest->n > 0 && !is_word(rest->s[0])) {
		rest->s++;
		rest->n--;
	}
	*ret_piece = (struct text){ rest->s, 0 };
	while (rest->n > 0 && is_word(rest->s[0])) {
		rest->s++;
		rest->n--;
		ret_piece->n++;
	}
	return ret_piece->n > 0;
}

/* A join is one piece of the text from the first to the last: normalising drops what stands between. */
static void add_joined(struct arena *arena, struct cash_reference_list *list, struct text text)
{
	struct text first;

	while (list->n < CASH_REFERENCES_MAX && next_piece(&text, &first)) {
		struct text rest = text, last = first;

		for (int pieces = 1; pieces <= JOINED_PIECES_MAX; pieces++) {
			struct text joined = { first.s, (size_t)(last.s + last.n - first.s) };

			add_text(arena, list, joined);
			if (!next_piece(&rest, &last))
				break;
		}
	}
}

struct cash_reference_list cash_reference_read(struct arena *arena, const struct cash_remittance *remittance)
{
	struct cash_reference_list list = { NULL, 0, 0 };

	if (remittance == NULL)
		return list;
	add_structured(arena, &list, remittance);
	add_text(arena, &list, remittance->payer_reference);
	add_tokens(arena, &list, remittance->text);
	add_joined(arena, &list, remittance->text);
	return list;
}
