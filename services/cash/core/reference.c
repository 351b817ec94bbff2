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

/* Of letters and digits in capitals, so many of them digits: worth looking up, and without leading zeros? TEXT_NONE when it is not. */
static struct text usable(struct text value, size_t digits)
{
	if (digits == 0 || value.n > CASH_REFERENCE_BYTES || (digits == value.n && digits <= COUNTER_DIGITS_MAX))
		return TEXT_NONE;
	while (digits == value.n && value.n > 1 && value.s[0] == '0') {
		value.s++;
		value.n--;
		digits--;
	}
	return value;
}

struct text cash_reference_normal(struct arena *arena, struct text raw)
{
	struct text value = text_normal_ref(arena, raw);
	size_t digits = 0;

	for (size_t i = 0; i < value.n; i++)
		digits += is_digit(value.s[i]);
	return usable(value, digits);
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

/* A piece of normalised text, so many characters of it digits. */
static void add_normal(struct arena *arena, struct cash_reference_list *list, struct text value, size_t digits)
{
	add(arena, list, (struct cash_reference_value){ .value = usable(value, digits) });
}

/* Also what is behind the prefixes: "InvNo:4711-X" -> NO4711X, 4711X. They have no digits. */
static void add_without_prefixes(struct arena *arena, struct cash_reference_list *list, struct text value, size_t digits)
{
	for (size_t i = 0; i < ARRAY_LEN(prefixes) && value.n > 0; i++) {
		if (value.s[0] != prefixes[i].s[0] || !text_starts(value, prefixes[i]))
			continue;
		value.s += prefixes[i].n;
		value.n -= prefixes[i].n;
		add_normal(arena, list, value, digits);
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

/*
 * A text as its runs of letters and digits. Normalising drops what stands between them, so a token, and every join of neighbours, is one
 * piece of the normalised text: nothing is normalised twice, or copied.
 */
struct piece {
	size_t at; /* in the normalised text */
	size_t digits; /* before it */
	bool new_token; /* something other than "-", "/", "." stands before it */
};

struct pieces {
	const char *normal;
	struct piece *piece; /* n of them, and one behind them that begins where the last ends */
	size_t n;
};

static size_t count_pieces(struct text text)
{
	size_t n = 0;
	bool inside = false;

	for (size_t i = 0; i < text.n; i++) {
		bool word = is_word(text.s[i]);

		n += word && !inside;
		inside = word;
	}
	return n;
}

static struct pieces pieces_of(struct arena *arena, struct text text)
{
	struct pieces p = { text_normal_ref(arena, text).s, ARENA_ARRAY(arena, count_pieces(text) + 1, struct piece), 0 };
	size_t n = 0, digits = 0;
	bool inside = false, new_token = true;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.s[i];

		if (!is_word(c)) {
			inside = false;
			new_token = new_token || (c != '-' && c != '/' && c != '.');
			continue;
		}
		if (!inside)
			p.piece[p.n++] = (struct piece){ n, digits, new_token };
		inside = true;
		new_token = false;
		digits += is_digit(c);
		n++;
	}
	p.piece[p.n] = (struct piece){ n, digits, true };
	return p;
}

/* Pieces first .. end - 1 as one. */
static struct text joined(const struct pieces *p, size_t first, size_t end)
{
	return (struct text){ p->normal + p->piece[first].at, p->piece[end].at - p->piece[first].at };
}

static size_t digits_in(const struct pieces *p, size_t first, size_t end)
{
	return p->piece[end].digits - p->piece[first].digits;
}

static void add_tokens(struct arena *arena, struct cash_reference_list *list, const struct pieces *p)
{
	for (size_t first = 0, end; first < p->n && list->n < CASH_REFERENCES_MAX; first = end) {
		for (end = first + 1; !p->piece[end].new_token;)
			end++;
		add_normal(arena, list, joined(p, first, end), digits_in(p, first, end));
		add_without_prefixes(arena, list, joined(p, first, end), digits_in(p, first, end));
	}
}

static void add_joined(struct arena *arena, struct cash_reference_list *list, const struct pieces *p)
{
	for (size_t first = 0; first < p->n && list->n < CASH_REFERENCES_MAX; first++)
		for (size_t end = first + 1; end <= p->n && end - first <= JOINED_PIECES_MAX; end++)
			add_normal(arena, list, joined(p, first, end), digits_in(p, first, end));
}

struct cash_reference_list cash_reference_read(struct arena *arena, const struct cash_remittance *remittance)
{
	struct cash_reference_list list = { NULL, 0, 0 };

	if (remittance == NULL)
		return list;
	struct pieces pieces = pieces_of(arena, remittance->text);
	add_structured(arena, &list, remittance);
	add(arena, &list, (struct cash_reference_value){ .value = cash_reference_normal(arena, remittance->payer_reference) });
	add_tokens(arena, &list, &pieces);
	add_joined(arena, &list, &pieces);
	return list;
}
