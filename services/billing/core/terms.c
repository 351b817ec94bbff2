#include "terms.h"

#define WHOLE_PPM 1000000

const struct reference_terms_recorded *bil_terms_choose(const struct reference_terms_recorded *const *versions, size_t n,
							date_t day)
{
	const struct reference_terms_recorded *in_force = NULL, *first = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct reference_terms_recorded *v = versions[i];
		if (v->effective_from <= day && (in_force == NULL || v->version > in_force->version))
			in_force = v;
		if (first == NULL || v->effective_from < first->effective_from ||
		    (v->effective_from == first->effective_from && v->version > first->version))
			first = v;
	}
	return in_force != NULL ? in_force : first;
}

static date_t due(enum reference_terms_kind kind, int32_t days, int32_t day_of_month, date_t document_date)
{
	date_t date = DATE_NONE;

	switch (kind) {
	case REFERENCE_TERMS_KIND_NET:
		date = date_net(document_date, days);
		break;
	case REFERENCE_TERMS_KIND_NET_END_OF_MONTH:
		date = date_net_eom(document_date, days);
		break;
	case REFERENCE_TERMS_KIND_END_OF_MONTH_NET:
		date = date_eom_net(document_date, days);
		break;
	case REFERENCE_TERMS_KIND_NET_DAY_OF_MONTH:
		date = date_net_day(document_date, days, day_of_month);
		break;
	case REFERENCE_TERMS_KIND_UNSPECIFIED:
		NOT_REACHED("terms of a known kind");
	}
	return date_is_valid(date) ? date : DATE_MAX;
}

static void add_discounts(struct arena *arena, const struct reference_terms_recorded *terms, date_t document_date,
			  struct billing_document_item *item)
{
	if (item->original_minor <= 0)
		return;
	item->discounts = WIRE_ARRAY(arena, terms->n_discounts, billing_item_discount);
	item->n_discounts = terms->n_discounts;
	for (size_t i = 0; i < terms->n_discounts; i++) {
		date_t until = date_net(document_date, terms->discounts[i].days);
		item->discounts[i].until = date_is_valid(until) ? until : DATE_MAX;
		CHECK(money_ratio(item->original_minor, terms->discounts[i].rate_ppm, WHOLE_PPM, ROUND_HALF_AWAY,
				  &item->discounts[i].amount_minor));
	}
}

void bil_terms_items(struct arena *arena, const struct reference_terms_recorded *terms, struct billing_document_issued *doc)
{
	size_t n = MAX(terms->n_instalments, (size_t)1);
	int64_t left = doc->gross_minor;

	doc->items = WIRE_ARRAY(arena, n, billing_document_item);
	doc->n_items = n;
	for (size_t i = 0; i < n; i++) {
		struct billing_document_item *item = &doc->items[i];
		int64_t share = left;

		item->sequence = (int32_t)i + 1;
		if (terms->n_instalments == 0) {
			item->due_date = due(terms->kind, terms->days, terms->day_of_month, doc->issue_date);
		} else {
			const struct reference_instalment *part = &terms->instalments[i];
			item->due_date = due(part->kind, part->days, part->day_of_month, doc->issue_date);
			/* Roundings of small amounts may come to more than there is: then nothing is left for the later ones. */
			if (i + 1 < n)
				CHECK(money_ratio(doc->gross_minor, part->portion_ppm, WHOLE_PPM, ROUND_HALF_AWAY, &share));
			share = MIN(share, left);
		}
		item->original_minor = item->open_minor = share;
		left -= share;
		add_discounts(arena, terms, doc->issue_date, item);
	}
}
