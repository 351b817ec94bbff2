/* company_terms: what terms the made-up company grants, and what follows from them (BIL-10). */
#include "cli/company_impl.h"
#include "money/money.h"
#include "wire/wire.h"

#define WHOLE_PPM 1000000

static const struct {
	const char *code;
	enum reference_terms_kind kind;
	int days;
	int n_parts, first_days, step_days; /* instalments of equal portions */
	int discount_days, discount_ppm;
} all_terms[TERMS_N] = {
	{ .code = "N14", .kind = REFERENCE_TERMS_KIND_NET, .days = 14 },
	{ .code = "N30", .kind = REFERENCE_TERMS_KIND_NET, .days = 30 },
	{ .code = "N10EOM", .kind = REFERENCE_TERMS_KIND_NET_END_OF_MONTH, .days = 10 },
	{ .code = "D2-10N30", .kind = REFERENCE_TERMS_KIND_NET, .days = 30, .discount_days = 10, .discount_ppm = 20000 },
	{ .code = "3X-14-44-74", .kind = REFERENCE_TERMS_KIND_NET, .n_parts = 3, .first_days = 14, .step_days = 30 },
};

const char *company_terms_code(int terms)
{
	return all_terms[terms].code;
}

int company_instalments(int terms)
{
	return MAX(all_terms[terms].n_parts, 1);
}

date_t company_due(int terms, date_t issued, int part)
{
	if (all_terms[terms].n_parts > 0)
		return date_net(issued, all_terms[terms].first_days + part * all_terms[terms].step_days);
	if (all_terms[terms].kind == REFERENCE_TERMS_KIND_NET_END_OF_MONTH)
		return date_net_eom(issued, all_terms[terms].days);
	return date_net(issued, all_terms[terms].days);
}

static int portion_ppm(int terms, int part)
{
	int n = all_terms[terms].n_parts;

	return part + 1 < n ? WHOLE_PPM / n : WHOLE_PPM - WHOLE_PPM / n * (n - 1);
}

int64_t company_share(int terms, int64_t gross_minor, int part)
{
	int64_t left = gross_minor, share = gross_minor;

	for (int i = 0; i <= part; i++) {
		share = left;
		if (i + 1 < company_instalments(terms))
			CHECK(money_ratio(gross_minor, portion_ppm(terms, i), WHOLE_PPM, ROUND_HALF_AWAY, &share));
		share = MIN(share, left);
		left -= share;
	}
	return share;
}

bool company_emit_terms(struct company *c, struct err *err)
{
	for (int i = 0; i < TERMS_N; i++) {
		struct reference_terms_recorded *t = WIRE_NEW(c->arena, reference_terms_recorded);
		t->terms_code = text_of(all_terms[i].code);
		t->version = 1;
		t->effective_from = date_of(2000, 1, 1);
		t->kind = all_terms[i].kind;
		t->days = all_terms[i].days;
		t->n_instalments = (size_t)all_terms[i].n_parts;
		t->instalments = WIRE_ARRAY(c->arena, t->n_instalments, reference_instalment);
		for (int part = 0; part < all_terms[i].n_parts; part++)
			t->instalments[part] =
				(struct reference_instalment){ .kind = REFERENCE_TERMS_KIND_NET,
							       .days = all_terms[i].first_days + part * all_terms[i].step_days,
							       .portion_ppm = portion_ppm(i, part) };
		if (all_terms[i].discount_ppm > 0) {
			t->n_discounts = 1;
			t->discounts = WIRE_NEW(c->arena, reference_discount_term);
			t->discounts->days = all_terms[i].discount_days;
			t->discounts->rate_ppm = all_terms[i].discount_ppm;
		}
		struct reference_event ev = { .event_case = REFERENCE_EVENT_TERMS_RECORDED, .terms_recorded = t };
		if (!company_emit(c, "ar.reference.v1", &ev, "/reference/demo", ++c->crm_events, err))
			return false;
	}
	return true;
}
