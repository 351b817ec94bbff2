#include "terms.h"

const struct reference_terms_recorded *bil_terms_choose(const struct reference_terms_recorded *versions, size_t n, date_t day)
{
	const struct reference_terms_recorded *in_force = NULL, *first = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct reference_terms_recorded *v = &versions[i];
		if (v->effective_from <= day && (in_force == NULL || v->version > in_force->version))
			in_force = v;
		if (first == NULL || v->effective_from < first->effective_from ||
		    (v->effective_from == first->effective_from && v->version > first->version))
			first = v;
	}
	return in_force != NULL ? in_force : first;
}

static date_t due(const struct reference_terms_recorded *terms, date_t document_date)
{
	switch (terms->kind) {
	case REFERENCE_TERMS_KIND_NET:
		return date_net(document_date, terms->days);
	case REFERENCE_TERMS_KIND_NET_END_OF_MONTH:
		return date_net_eom(document_date, terms->days);
	case REFERENCE_TERMS_KIND_END_OF_MONTH_NET:
		return date_eom_net(document_date, terms->days);
	case REFERENCE_TERMS_KIND_UNSPECIFIED:
		break;
	}
	NOT_REACHED("terms of a known kind");
	return DATE_NONE;
}

date_t bil_terms_due(const struct reference_terms_recorded *terms, date_t document_date)
{
	date_t date = due(terms, document_date);

	return date_is_valid(date) ? date : DATE_MAX;
}
