/*
 * THE JOURNEY of reporting. Inputs, all lane-aligned: ar.intake.v1, ar.billing.v1, ar.cash.v1, ar.collections.v1.
 *
 *   every record        audit_record, and the next ledger_seq of the lane
 *   its journal         ledger_line, day_total, AR control in tie_out, item.open
 *   its event           intake       customer, entity, business_day
 *                       billing      document, item; sales_order; exception (parked, refused)
 *                       cash         bank_line, bank_statement, transfer, item, application, exception
 *                       collections  notice, episode, block, day_judged, exception
 *
 * It decides nothing and publishes nothing. Records of one topic and lane come in order, topics interleave as they like:
 * core/note.h says what keeps the rows independent of that.
 */
#include "reporting/reporting.h"
#include "reporting/core/cash.h"
#include "reporting/core/collections.h"
#include "reporting/core/documents.h"
#include "reporting/core/intake.h"
#include "reporting/core/ledger.h"
#include "reporting/core/record.h"
#include "reporting/tables.h"
#include "wire/wire.h"

/* What the record is about, and its journal. */
static struct reporting_note note_of(struct book *book, const struct input *input)
{
	struct reporting_note n = { .book = book, .input = input };
	const struct intake_event *intake = input->event;
	const struct billing_event *billing = input->event;
	const struct cash_event *cash = input->event;
	const struct collections_event *collections = input->event;

	switch ((enum reporting_source)input->source) {
	case REPORTING_INTAKE:
		n.provenance = intake->provenance;
		n.account = intake->account;
		n.type = wire_event_name(&intake_event_msg, intake);
		n.subject = reporting_intake_subject(intake);
		break;
	case REPORTING_BILLING:
		n.provenance = billing->provenance;
		n.account = billing->account;
		n.type = wire_event_name(&billing_event_msg, billing);
		n.subject = reporting_billing_subject(billing);
		n.entries = billing->entries;
		n.n_entries = billing->n_entries;
		break;
	case REPORTING_CASH:
		n.provenance = cash->provenance;
		n.account = cash->account;
		n.type = wire_event_name(&cash_event_msg, cash);
		n.subject = reporting_cash_subject(cash);
		n.entries = cash->entries;
		n.n_entries = cash->n_entries;
		break;
	case REPORTING_COLLECTIONS:
		n.provenance = collections->provenance;
		n.account = collections->account;
		n.type = wire_event_name(&collections_event_msg, collections);
		n.subject = reporting_collections_subject(collections);
		break;
	case REPORTING_SOURCES:
		break;
	}
	CHECK(n.provenance != NULL);
	return n;
}

static void want(struct book *book, const struct input *input)
{
	reporting_record_want(book, input);
	switch ((enum reporting_source)input->source) {
	case REPORTING_BILLING:
		reporting_billing_want(book, input, input->event);
		return;
	case REPORTING_CASH:
		reporting_cash_want(book, input, input->event);
		return;
	case REPORTING_COLLECTIONS:
		reporting_collections_want(book, input, input->event);
		return;
	case REPORTING_INTAKE:
	case REPORTING_SOURCES:
		return;
	}
}

static void note(struct book *book, const struct input *input)
{
	struct reporting_note n = note_of(book, input);

	reporting_record_note(&n);
	reporting_ledger_note(&n);
	switch ((enum reporting_source)input->source) {
	case REPORTING_INTAKE:
		reporting_intake_note(&n, input->event);
		return;
	case REPORTING_BILLING:
		reporting_billing_note(&n, input->event);
		return;
	case REPORTING_CASH:
		reporting_cash_note(&n, input->event);
		return;
	case REPORTING_COLLECTIONS:
		reporting_collections_note(&n, input->event);
		return;
	case REPORTING_SOURCES:
		return;
	}
}

static const struct core core = {
	.name = "reporting",
	.tables = reporting_tables,
	.n_tables = REPORTING_TABLES_N,
	.want = want,
	.note = note,
};

static const struct run_source sources[REPORTING_SOURCES] = {
	[REPORTING_INTAKE] = { .topic = "ar.intake.v1" },
	[REPORTING_BILLING] = { .topic = "ar.billing.v1" },
	[REPORTING_CASH] = { .topic = "ar.cash.v1" },
	[REPORTING_COLLECTIONS] = { .topic = "ar.collections.v1" },
};

/* Tie-out of the sub-ledger and AR control (RPT-06, AUD-05): zero, or somebody must look. */
static const struct run_gauge tie_out = {
	.name = "openitem_ledger_imbalance_minor_units",
	.help = "Open items less AR control, minor units.",
	.sql = "SELECT entity, currency, sum(items_minor - control_minor)::bigint AS value FROM tie_out GROUP BY entity, currency",
};

/* README.md "Aging at once". */
static const struct run_beside roll = {
	.name = "aging roll-up",
	.sql = "SELECT CASE WHEN aging_waits() THEN roll_aging(10000) ELSE 0 END > 0 AS again",
	.every_ms = 1000,
};

const struct run_service reporting_service = {
	.core = &core,
	.sources = sources,
	.n_sources = REPORTING_SOURCES,
	.gauge = &tie_out,
	.beside = &roll,
};
