/*
 * tables_reporting: the text tables of reporting. It has no outcomes: the cases look at rows.
 *
 * The harness makes every input the first and final outcome of a cause of its own. Where a case needs another place, its ce_id says
 * so: `in-O3#1+` = caused by in-O3, part 1, more to come; `in-O3#2` = part 2, final.
 */
#include "harness.h"
#include "ev/billing.h"
#include "ev/cash.h"
#include "ev/collections.h"
#include "ev/intake.h"
#include "reporting/reporting.h"
#include "reporting/tables.h"

static struct type_provenance *provenance_of(const struct input *input)
{
	switch ((enum reporting_source)input->source) {
	case REPORTING_INTAKE:
		return ((const struct intake_event *)input->event)->provenance;
	case REPORTING_BILLING:
		return ((const struct billing_event *)input->event)->provenance;
	case REPORTING_CASH:
		return ((const struct cash_event *)input->event)->provenance;
	case REPORTING_COLLECTIONS:
		return ((const struct collections_event *)input->event)->provenance;
	case REPORTING_SOURCES:
		break;
	}
	return NULL;
}

static void complete(struct book *book, const struct input *input)
{
	struct type_provenance *p = provenance_of(input);
	struct text id = input->cause.event_id;
	size_t at = text_find(id, TEXT("#"));

	p->cause = WIRE_NEW(book_arena(book), type_cause);
	p->cause->event_id = (struct text){ id.s, MIN(at, id.n) };
	p->final = id.n == 0 || id.s[id.n - 1] != '+';
	if (at != TEXT_NOT_FOUND && at + 1 < id.n)
		p->part = id.s[at + 1] - '0';
}

static void want(struct book *book, const struct input *input)
{
	complete(book, input);
	reporting_service.core->want(book, input);
}

static void note(struct book *book, const struct input *input)
{
	complete(book, input);
	reporting_service.core->note(book, input);
}

int main(int argc, char **argv)
{
	struct core core = *reporting_service.core;
	struct run_service service = reporting_service;

	core.want = want;
	core.note = note;
	service.core = &core;
	return harness_main(&(struct harness){ .service = &service }, argc, argv);
}
