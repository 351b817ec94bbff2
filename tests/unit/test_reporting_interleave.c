/*
 * reporting: a fixed set of records, read in 20 random legal interleavings and batch cuts, gives the same rows (DESIGN section 3,
 * "Projections"). Legal: records of one topic and lane in order; topics and lanes as they like. Compared: every column of every
 * row but the numbers of the commit order itself (ledger_seq). The story is told in README.md of services/reporting.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ev/billing.h"
#include "ev/cash.h"
#include "ev/collections.h"
#include "ev/intake.h"
#include "id/id.h"
#include "reporting/reporting.h"
#include "reporting/tables.h"
#include "book/col.h"
#include "wire/wire.h"

#define LANES	   2
#define RUNS	   20
#define ARENA_SOFT ((size_t)64 << 20)

/*
 * One record: where it stands, whose it is, its fields (path=value, separated by |), its journal. A journal: entries separated by
 * |, each `kind entity date`, then `/ ledger_account amount currency [account document sequence]` per line.
 */
struct told {
	enum reporting_source source;
	int32_t lane;
	const char *account;
	const char *set;
	const char *journal;
	int32_t source_lane;	/* intake only */
};

#define ON_INTAKE(lane, source_lane, account, set)  { REPORTING_INTAKE, lane, account, set, "", source_lane }
#define ON_BILLING(lane, account, set, journal)	    { REPORTING_BILLING, lane, account, set, journal, 0 }
#define ON_CASH(lane, account, set, journal)	    { REPORTING_CASH, lane, account, set, journal, 0 }
#define ON_COLLECTIONS(lane, account, set)	    { REPORTING_COLLECTIONS, lane, account, set, "", 0 }

#define ENTITY "reference.entity_recorded.name=Delta GmbH|reference.entity_recorded.functional_currency=EUR|" \
	       "reference.entity_recorded.fiscal_year_start_month=1|reference.entity_recorded.number_prefix=DE|" \
	       "reference.entity_recorded.entity=DE"
#define OPENED(day) "reference.day_opened.business_date=" day "|reference.day_opened.entities=DE"
#define CLOSED(day) "reference.day_closed.business_date=" day "|reference.day_closed.entities=DE"
#define CUSTOMER(account, from, name)                                                                          \
	"customer.customer_recorded.account=" account "|customer.customer_recorded.effective_from=" from       \
	"|customer.customer_recorded.legal_name=" name "|customer.customer_recorded.terms_code=N30"
#define DOC(m, id, num, order, net, tax, gross)                                                                \
	m ".document_id=" id "|" m ".number=" num "|" m ".entity=DE|" m ".currency_code=EUR|" m                \
	".issue_date=2026-03-02|" m ".accounting_date=2026-03-02|" m ".order_id=" order "|" m                  \
	".order_version=2|" m ".net_minor=" net "|" m ".tax_minor=" tax "|" m ".gross_minor=" gross
#define ITEM(m, i, seq, due, original, open)                                                                   \
	"|" m ".items[" i "].sequence=" seq "|" m ".items[" i "].due_date=" due "|" m ".items[" i              \
	"].original_minor=" original "|" m ".items[" i "].open_minor=" open
#define LINE(m, id, amount, day)                                                                               \
	m ".line_id=" id "|" m ".bank_account=BANK|" m ".entity=DE|" m ".amount=" amount "|" m ".booking_date=" day
#define ACCOUNTED(m, day) "|" m ".accounting_date=" day
#define MOVE(m, id, kind, from, line, amount)                                                                  \
	m ".transfer_id=" id "|" m ".kind=" kind "|" m ".from_account=" from "|" m ".line_id=" line "|" m      \
	".bank_account=BANK|" m ".entity=DE|" m ".amount=" amount "|" m ".booking_date=2026-03-05"
#define APPLICATION(m, i, id, credit, debit, seq, amount, day)                                                 \
	"|" m ".applications[" i "].application_id=" id "|" m ".applications[" i "].credit.document_id=" credit \
	"|" m ".applications[" i "].credit.sequence=1|" m ".applications[" i "].debit.document_id=" debit       \
	"|" m ".applications[" i "].debit.sequence=" seq "|" m ".applications[" i "].amount=" amount            \
	"|" m ".applications[" i "].accounting_date=" day

static const struct told story[] = {
	/* what passed the gate */
	ON_INTAKE(0, 4000, "", ENTITY),
	ON_INTAKE(1, 4000, "", ENTITY),
	ON_INTAKE(0, 4000, "", OPENED("2026-03-02")),
	ON_INTAKE(1, 4000, "", OPENED("2026-03-02")),
	ON_INTAKE(0, 0, "A1", CUSTOMER("A1", "2026-01-01", "Acme")),
	ON_INTAKE(1, 0, "B2", CUSTOMER("B2", "2026-01-01", "Bolt")),
	ON_INTAKE(0, 0, "A1", CUSTOMER("A1", "2026-03-04", "Acme Renamed")),
	ON_INTAKE(0, 1000, "A1", "sales_order.order_fulfilled.account=A1|sales_order.order_fulfilled.order_id=O1|"
	       "sales_order.order_fulfilled.order_version=2|sales_order.order_fulfilled.supply_date=2026-03-02|"
	       "provenance.event_id=in-O1|provenance.cause.event_id=crm-O1"),
	ON_INTAKE(0, 2000, "~BANK", "payment.line_booked.kind=payment|" LINE("payment.line_booked", "L1", "118.00 EUR", "2026-03-05")
	       "|provenance.event_id=in-L1|provenance.cause.event_id=bank-L1"),
	ON_INTAKE(0, 4000, "", CLOSED("2026-03-09") "|provenance.event_id=in-close-0"),
	ON_INTAKE(0, 4000, "", OPENED("2026-03-10")),
	ON_INTAKE(1, 4000, "", CLOSED("2026-03-09") "|provenance.event_id=in-close-1"),
	ON_INTAKE(1, 4000, "", OPENED("2026-03-10")),

	/* billing: an invoice, one in two instalments, one after waiting, a credit memo, a take-on, a refusal */
	ON_BILLING(0, "A1", "order_recorded.order_id=O1|order_recorded.order_version=1|order_recorded.entity=DE|order_recorded.state=open|"
	     "order_recorded.input_type=order_booked|order_recorded.net=100.00 EUR|order_recorded.customer_po=PO-7", ""),
	ON_BILLING(0, "A1", DOC("invoice_issued", "D1", "DE26-1", "O1", "10000", "1800", "11800") ITEM("invoice_issued", "0", "1", "2026-04-01", "11800", "11800")
	     "|provenance.event_id=bill-D1|provenance.cause.event_id=in-O1",
	     "invoice DE 2026-03-02 / ar 118.00 EUR A1 D1 1 / revenue -100.00 EUR / tax_payable -18.00 EUR"),
	ON_BILLING(0, "A1", DOC("invoice_issued", "D2", "DE26-2", "O2", "10000", "0", "10000") ITEM("invoice_issued", "0", "1", "2026-03-05", "6000", "6000")
	     ITEM("invoice_issued", "1", "2", "2026-04-20", "4000", "4000"),
	     "invoice DE 2026-03-02 / ar 60.00 EUR A1 D2 1 / ar 40.00 EUR A1 D2 2 / deferred_revenue -100.00 EUR"),
	ON_BILLING(0, "A1", "parked.reason=order_version_gap|parked.waiting_for=O3 version 2|parked.aggregate=O3|parked.input_type=order_fulfilled|"
	     "provenance.cause.event_id=in-O3|provenance.final=false", ""),
	ON_BILLING(0, "A1", "parked.reason=order_unknown|parked.waiting_for=O4|parked.aggregate=O4|parked.input_type=order_fulfilled|"
	     "provenance.cause.event_id=in-O4|provenance.final=false", ""),
	ON_BILLING(0, "A1", DOC("invoice_issued", "D3", "DE26-3", "O3", "500", "0", "500") ITEM("invoice_issued", "0", "1", "2026-04-01", "500", "500")
	     "|provenance.cause.event_id=in-O3|provenance.part=2",
	     "invoice DE 2026-03-02 / ar 5.00 EUR A1 D3 1 / revenue -5.00 EUR"),
	ON_BILLING(0, "A1", "credit_memo_issued.type=credit_memo|credit_memo_issued.refers_to_document_id=D1|credit_memo_issued.reason=price|"
	     DOC("credit_memo_issued", "M1", "DE26-C1", "O1", "1525", "275", "1800") ITEM("credit_memo_issued", "0", "1", "2026-03-02", "-1800", "-1800"),
	     "credit_memo DE 2026-03-02 / ar -18.00 EUR A1 M1 1 / revenue 15.25 EUR / tax_payable 2.75 EUR"),
	ON_BILLING(0, "A1", "item_taken_on.type=receipt|item_taken_on.taken_on=true|item_taken_on.external_number=OLD-R|"
	     DOC("item_taken_on", "T1", "", "", "5000", "0", "5000") ITEM("item_taken_on", "0", "1", "2026-02-01", "-5000", "-5000"),
	     "take_on DE 2026-03-02 / ar_unapplied -50.00 EUR A1 T1 1 / opening_balance 50.00 EUR"),
	ON_BILLING(0, "A1", "item_taken_on.type=invoice|item_taken_on.taken_on=true|item_taken_on.external_number=OLD-I|item_taken_on.dunning_level=2|"
	     DOC("item_taken_on", "T2", "", "", "3000", "0", "3000") ITEM("item_taken_on", "0", "1", "2026-01-05", "8000", "3000"),
	     "take_on DE 2026-03-02 / ar 30.00 EUR A1 T2 1 / opening_balance -30.00 EUR"),
	ON_BILLING(0, "A1", "refused.reason=order_closed|refused.detail=O1 is fulfilled|refused.subject=O1|refused.input_type=order_amended", ""),
	ON_BILLING(1, "B2", DOC("invoice_issued", "D9", "DE26-9", "O9", "7100", "0", "7100") ITEM("invoice_issued", "0", "1", "2026-04-01", "7100", "7100"),
	     "invoice DE 2026-03-02 / ar 71.00 EUR B2 D9 1 / revenue -71.00 EUR"),

	/* cash: L1 is A1's at once, and pays D1 together with the credit memo; the rest stays unapplied */
	ON_CASH(0, "~BANK", LINE("line_posted", "L1", "118.00 EUR", "2026-03-05") ACCOUNTED("line_posted", "2026-03-05") "|line_posted.document_id=H1|line_posted.statement_id=S1|"
	     "line_posted.identified=true|line_posted.remittance.payer_name=Acme|line_posted.remittance.text=DE26-1|"
	     "provenance.cause.event_id=in-L1|provenance.final=false",
	     "bank_line DE 2026-03-05 / bank_clearing 118.00 EUR / money_in_transit -118.00 EUR"),
	ON_CASH(0, "~BANK", MOVE("transfer_sent", "X1", "payer", "~BANK", "L1", "118.00 EUR") "|transfer_sent.to_account=A1|transfer_sent.from_document_id=H1|"
	     "transfer_sent.accounting_date=2026-03-05|transfer_sent.explanation.rule_id=reference|transfer_sent.explanation.because=text names DE26-1|"
	     "provenance.event_id=cash-X1|provenance.cause.event_id=in-L1|provenance.part=2", ""),
	ON_CASH(0, "A1", MOVE("transfer_accepted", "X1", "payer", "~BANK", "L1", "118.00 EUR") "|transfer_accepted.document_id=R1|transfer_accepted.accounting_date=2026-03-05"
	     "|provenance.cause.event_id=cash-X1|provenance.final=false",
	     "transfer_accepted DE 2026-03-05 / money_in_transit 118.00 EUR / ar_unapplied -118.00 EUR A1 R1 1"),
	ON_CASH(0, "A1", "applied.entity=DE|applied.explanation.rule_id=reference|applied.explanation.because=DE26-1 named"
	     APPLICATION("applied", "0", "P1", "M1", "D1", "1", "18.00 EUR", "2026-03-05") APPLICATION("applied", "1", "P2", "R1", "D1", "1", "100.00 EUR", "2026-03-05"),
	     "apply DE 2026-03-05 / ar 18.00 EUR A1 M1 1 / ar -18.00 EUR A1 D1 1 / ar_unapplied 100.00 EUR A1 R1 1 / ar -100.00 EUR A1 D1 1"),
	ON_CASH(0, "A1", "left_unapplied.credit.document_id=R1|left_unapplied.credit.sequence=1|left_unapplied.amount=18.00 EUR|left_unapplied.reason=excess|"
	     "left_unapplied.explanation.because=more than named|left_unapplied.explanation.candidates[0].what=DE26-2|"
	     "left_unapplied.explanation.candidates[0].rule_id=reference|left_unapplied.explanation.candidates[0].note=not named", ""),
	/* L2 is nobody's, then B2's by command, sent back, then A1's, applied, and comes back unpaid */
	ON_CASH(0, "~BANK", LINE("line_posted", "L2", "60.00 EUR", "2026-03-05") ACCOUNTED("line_posted", "2026-03-05") "|line_posted.document_id=H2|line_posted.statement_id=S1|line_posted.remittance.payer_name=Who",
	     "bank_line DE 2026-03-05 / bank_clearing 60.00 EUR / unidentified_receipts -60.00 EUR ~BANK H2 1"),
	ON_CASH(0, "~BANK", "left_unidentified.line_id=L2|left_unidentified.reason=no_evidence|left_unidentified.explanation.because=nothing fits", ""),
	ON_CASH(0, "~BANK", MOVE("transfer_sent", "X2", "payer", "~BANK", "L2", "60.00 EUR") "|transfer_sent.to_account=B2|transfer_sent.from_document_id=H2|"
	     "transfer_sent.accounting_date=2026-03-06|transfer_sent.explanation.rule_id=by_command",
	     "transfer_sent DE 2026-03-06 / unidentified_receipts 60.00 EUR ~BANK H2 1 / money_in_transit -60.00 EUR"),
	ON_CASH(1, "B2", MOVE("transfer_accepted", "X2", "payer", "~BANK", "L2", "60.00 EUR") "|transfer_accepted.document_id=R2|transfer_accepted.accounting_date=2026-03-06",
	     "transfer_accepted DE 2026-03-06 / money_in_transit 60.00 EUR / ar_unapplied -60.00 EUR B2 R2 1"),
	ON_CASH(1, "B2", "applied.entity=DE|applied.explanation.rule_id=oldest_first" APPLICATION("applied", "0", "P3", "R2", "D9", "1", "60.00 EUR", "2026-03-06"),
	     "apply DE 2026-03-06 / ar_unapplied 60.00 EUR B2 R2 1 / ar -60.00 EUR B2 D9 1"),
	ON_CASH(1, "B2", "unapplied.entity=DE|unapplied.reason=send_back" APPLICATION("unapplied", "0", "P3", "R2", "D9", "1", "60.00 EUR", "2026-03-07"),
	     "unapply DE 2026-03-07 / ar_unapplied -60.00 EUR B2 R2 1 / ar 60.00 EUR B2 D9 1"),
	ON_CASH(1, "B2", MOVE("transfer_sent", "X3", "send_back", "B2", "L2", "60.00 EUR") "|transfer_sent.to_account=~BANK|transfer_sent.from_document_id=R2|"
	     "transfer_sent.accounting_date=2026-03-07",
	     "send_back DE 2026-03-07 / ar_unapplied 60.00 EUR B2 R2 1 / money_in_transit -60.00 EUR"),
	ON_CASH(0, "~BANK", MOVE("transfer_accepted", "X3", "send_back", "B2", "L2", "60.00 EUR") "|transfer_accepted.document_id=H2|transfer_accepted.accounting_date=2026-03-07",
	     "transfer_accepted DE 2026-03-07 / money_in_transit 60.00 EUR / unidentified_receipts -60.00 EUR ~BANK H2 1"),
	ON_CASH(0, "~BANK", MOVE("transfer_sent", "X4", "payer", "~BANK", "L2", "60.00 EUR") "|transfer_sent.to_account=A1|transfer_sent.from_document_id=H2|"
	     "transfer_sent.accounting_date=2026-03-08",
	     "transfer_sent DE 2026-03-08 / unidentified_receipts 60.00 EUR ~BANK H2 1 / money_in_transit -60.00 EUR"),
	ON_CASH(0, "A1", MOVE("transfer_accepted", "X4", "payer", "~BANK", "L2", "60.00 EUR") "|transfer_accepted.document_id=R3|transfer_accepted.accounting_date=2026-03-08",
	     "transfer_accepted DE 2026-03-08 / money_in_transit 60.00 EUR / ar_unapplied -60.00 EUR A1 R3 1"),
	ON_CASH(0, "A1", "applied.entity=DE|applied.explanation.rule_id=exact_amount" APPLICATION("applied", "0", "P4", "R3", "D2", "1", "60.00 EUR", "2026-03-08"),
	     "apply DE 2026-03-08 / ar_unapplied 60.00 EUR A1 R3 1 / ar -60.00 EUR A1 D2 1"),
	ON_CASH(0, "~BANK", LINE("return_posted", "Q2", "60.00 EUR", "2026-03-09") ACCOUNTED("return_posted", "2026-03-09") "|return_posted.statement_id=S1|return_posted.returned_line_id=L2|return_posted.fee=3.00 EUR|"
	     "return_posted.reason=NSF|return_posted.place=passed_on",
	     "return DE 2026-03-09 / money_in_transit 60.00 EUR / bank_clearing -60.00 EUR | return_fee DE 2026-03-09 / bank_charges 3.00 EUR / bank_clearing -3.00 EUR"),
	ON_CASH(0, "~BANK", "return_passed_on.return_id=Y2|return_passed_on.from_account=~BANK|return_passed_on.to_account=A1|return_passed_on.transfer_id=X4|"
	     "return_passed_on.returned_line_id=L2|return_passed_on.bank_account=BANK|return_passed_on.entity=DE|return_passed_on.amount=60.00 EUR|"
	     "return_passed_on.booking_date=2026-03-09|return_passed_on.accounting_date=2026-03-09", ""),
	ON_CASH(0, "A1", "unapplied.entity=DE|unapplied.reason=return|provenance.final=false" APPLICATION("unapplied", "0", "P4", "R3", "D2", "1", "60.00 EUR", "2026-03-09"),
	     "unapply DE 2026-03-09 / ar_unapplied -60.00 EUR A1 R3 1 / ar 60.00 EUR A1 D2 1"),
	ON_CASH(0, "A1", "return_settled.return_id=Y2|return_settled.document_id=R3|return_settled.returned_line_id=L2|return_settled.bank_account=BANK|return_settled.entity=DE|"
	     "return_settled.amount=60.00 EUR|return_settled.accounting_date=2026-03-09|return_settled.reason=NSF",
	     "return DE 2026-03-09 / ar_unapplied 60.00 EUR A1 Y2 1 / money_in_transit -60.00 EUR |"
	     " return_linked DE 2026-03-09 / ar_unapplied 60.00 EUR A1 R3 1 / ar_unapplied -60.00 EUR A1 Y2 1"),
	/* L3 comes back before anybody knew whose it was; Q4 names no line; L5 is a fee of the bank */
	ON_CASH(0, "~BANK", LINE("line_posted", "L3", "25.00 EUR", "2026-03-06") ACCOUNTED("line_posted", "2026-03-06") "|line_posted.document_id=H3|line_posted.statement_id=S1",
	     "bank_line DE 2026-03-06 / bank_clearing 25.00 EUR / unidentified_receipts -25.00 EUR ~BANK H3 1"),
	ON_CASH(0, "~BANK", "left_unidentified.line_id=L3|left_unidentified.reason=no_evidence", ""),
	ON_CASH(0, "~BANK", LINE("return_posted", "Q3", "25.00 EUR", "2026-03-09") ACCOUNTED("return_posted", "2026-03-09") "|return_posted.statement_id=S1|return_posted.returned_line_id=L3|return_posted.place=holding",
	     "return DE 2026-03-09 / unidentified_receipts 25.00 EUR ~BANK H3 1 / bank_clearing -25.00 EUR"),
	ON_CASH(0, "~BANK", LINE("return_posted", "Q4", "11.00 EUR", "2026-03-09") ACCOUNTED("return_posted", "2026-03-09") "|return_posted.statement_id=S1|return_posted.place=suspense|return_posted.exception=line_not_named",
	     "return DE 2026-03-09 / returned_items_suspense 11.00 EUR / bank_clearing -11.00 EUR"),
	ON_CASH(0, "~BANK", LINE("line_excluded", "L5", "-4.00 EUR", "2026-03-09") "|line_excluded.statement_id=S1|line_excluded.reason=fee", ""),
	/* L6 is sent to an account that does not exist, and stays unidentified */
	ON_CASH(0, "~BANK", LINE("line_posted", "L6", "9.00 EUR", "2026-03-09") ACCOUNTED("line_posted", "2026-03-09") "|line_posted.document_id=H6|line_posted.statement_id=S1|line_posted.identified=true",
	     "bank_line DE 2026-03-09 / bank_clearing 9.00 EUR / money_in_transit -9.00 EUR"),
	ON_CASH(0, "~BANK", MOVE("transfer_sent", "X6", "payer", "~BANK", "L6", "9.00 EUR") "|transfer_sent.to_account=Z9|transfer_sent.from_document_id=H6|transfer_sent.accounting_date=2026-03-09", ""),
	ON_CASH(1, "Z9", "transfer_refused.transfer_id=X6|transfer_refused.from_account=~BANK|transfer_refused.reason=account_unknown|"
	     MOVE("transfer_refused.transfer", "X6", "payer", "~BANK", "L6", "9.00 EUR") "|transfer_refused.transfer.to_account=Z9|"
	     "transfer_refused.transfer.from_document_id=H6|transfer_refused.transfer.accounting_date=2026-03-09", ""),
	ON_CASH(0, "~BANK", MOVE("transfer_accepted", "X6", "payer", "~BANK", "L6", "9.00 EUR") "|transfer_accepted.document_id=H6|transfer_accepted.accounting_date=2026-03-09|"
	     "transfer_accepted.returned_to_sender=true",
	     "transfer_accepted DE 2026-03-09 / money_in_transit 9.00 EUR / unidentified_receipts -9.00 EUR ~BANK H6 1"),
	ON_CASH(0, "~BANK", "left_unidentified.line_id=L6|left_unidentified.reason=refused_before|left_unidentified.explanation.candidates[0].what=Z9", ""),
	ON_CASH(0, "~BANK", "statement_checked.bank_account=BANK|statement_checked.statement_id=S1|statement_checked.entity=DE|statement_checked.opening=1000.00 EUR|"
	     "statement_checked.closing=1109.00 EUR|statement_checked.lines_minor=10900|statement_checked.line_count=8|statement_checked.ties_out=true|"
	     "statement_checked.booking_date=2026-03-09", ""),
	ON_CASH(0, "A1", "refused.reason=version_conflict|refused.detail=expected 3, found 4|refused.subject=R1|refused.input_type=send_back", ""),

	/* collections */
	ON_COLLECTIONS(0, "A1", "notice_issued.notice_id=N1|notice_issued.entity=DE|notice_issued.level=1|notice_issued.episode=1|notice_issued.notice_date=2026-03-10|"
	     "notice_issued.judged_date=2026-03-09|notice_issued.amount=12.00 EUR|notice_issued.overdue_minor=9000|notice_issued.credits_minor=7800|notice_issued.oldest_days=63|"
	     "notice_issued.item_count=2"),
	ON_COLLECTIONS(0, "~day", "day_judged.judged_date=2026-03-09|day_judged.subjects=1|day_judged.notices=1|provenance.cause.event_id=in-close-0"),
	ON_COLLECTIONS(0, "A1", "block_set.block_id=K1|block_set.reason=dispute|block_set.item.document_id=D2|block_set.item.sequence=1|block_set.until=2026-04-30"),
	ON_COLLECTIONS(0, "A1", "block_set.block_id=K2|block_set.reason=legal"),
	ON_COLLECTIONS(0, "A1", "block_lifted.block_id=K2"),
	ON_COLLECTIONS(0, "A1", "episode_ended.entity=DE|episode_ended.currency_code=EUR|episode_ended.episode=1|episode_ended.judged_date=2026-03-10"),
	ON_COLLECTIONS(0, "A1", "refused.reason=block_unknown|refused.subject=K9|refused.input_type=lift_block"),
	ON_COLLECTIONS(1, "~day", "day_judged.judged_date=2026-03-09|provenance.cause.event_id=in-close-1"),
};

/* ---- from text to records ---------------------------------------------------------------------------------------- */

static const struct wire_msg *const msg_of[REPORTING_SOURCES] = {
	[REPORTING_INTAKE] = &intake_event_msg,
	[REPORTING_BILLING] = &billing_event_msg,
	[REPORTING_CASH] = &cash_event_msg,
	[REPORTING_COLLECTIONS] = &collections_event_msg,
};

static const char *const service_of[REPORTING_SOURCES] = { "intake", "billing", "cash", "collections" };

/* The next piece before c, trimmed; false at the end. */
static bool piece(struct text *rest, char c, struct text *ret)
{
	size_t at = 0;

	if (rest->n == 0)
		return false;
	while (at < rest->n && rest->s[at] != c)
		at++;
	*ret = text_trim((struct text){ rest->s, at });
	at = at < rest->n ? at + 1 : at;
	*rest = (struct text){ rest->s + at, rest->n - at };
	return true;
}

static void set(const struct wire_msg *m, void *ev, struct arena *a, struct text path, struct text value)
{
	struct err err = { 0 };

	if (!wire_set(m, ev, path, value, a, &err))
		fail_msg(TEXT_FMT "=" TEXT_FMT ": %s", TEXT_ARG(path), TEXT_ARG(value), err.msg);
}

static void set_line(const struct wire_msg *m, void *ev, struct arena *a, int entry, int line, struct text words)
{
	static const char *const fields[] = { "ledger_account", "amount", "currency", "account", "document_id", "item_sequence" };
	struct text word, value[ARRAY_LEN(fields)] = { 0 };
	size_t n = 0;

	while (piece(&words, ' ', &word))
		value[n++] = word;
	value[1] = text_printf(a, TEXT_FMT " " TEXT_FMT, TEXT_ARG(value[1]), TEXT_ARG(value[2]));
	for (size_t i = 0; i < n; i++)
		if (i != 2)
			set(m, ev, a, text_printf(a, "entries[%d].lines[%d].%s", entry, line, fields[i]), value[i]);
	set(m, ev, a, text_printf(a, "entries[%d].lines[%d].functional", entry, line), value[1]);
}

static void set_journal(const struct wire_msg *m, void *ev, struct arena *a, struct text journal)
{
	static const char *const fields[] = { "kind", "entity", "accounting_date" };
	struct text entry, part;

	for (int e = 0; piece(&journal, '|', &entry); e++)
		for (int l = -1; piece(&entry, '/', &part); l++) {
			struct text word;

			if (l >= 0) {
				set_line(m, ev, a, e, l, part);
				continue;
			}
			for (size_t i = 0; i < ARRAY_LEN(fields) && piece(&part, ' ', &word); i++)
				set(m, ev, a, text_printf(a, "entries[%d].%s", e, fields[i]), word);
		}
}

struct made {
	struct input input[ARRAY_LEN(story)];
	struct id_hash last[REPORTING_SOURCES][LANES];
	int64_t seq[REPORTING_SOURCES][LANES], offset[REPORTING_SOURCES][LANES];
	int64_t intake_seq[8], destination_seq[8][LANES];
};

static void set_provenance(struct made *made, const struct told *t, void *ev, struct arena *a)
{
	const struct wire_msg *m = msg_of[t->source];
	struct id_hash *last = &made->last[t->source][t->lane];
	int64_t seq = t->source == REPORTING_INTAKE ? ++made->intake_seq[t->source_lane / 1000] : ++made->seq[t->source][t->lane];
	int source_lane = t->source == REPORTING_INTAKE ? t->source_lane : t->lane;
	char hex[ID_HEX_SIZE];

	set(m, ev, a, TEXT("provenance.service"), text_of(service_of[t->source]));
	set(m, ev, a, TEXT("provenance.lane"), text_printf(a, "%d", source_lane));
	set(m, ev, a, TEXT("provenance.seq"), text_printf(a, "%lld", (long long)seq));
	set(m, ev, a, TEXT("provenance.prev_hash"), text_of(id_hex(hex, last)));
	set(m, ev, a, TEXT("provenance.event_id"), text_printf(a, "%s-%d-%lld", service_of[t->source], source_lane, (long long)seq));
	set(m, ev, a, TEXT("provenance.part"), TEXT("1"));
	set(m, ev, a, TEXT("provenance.final"), TEXT("true"));
	set(m, ev, a, TEXT("provenance.cause.topic"), text_of(t->source == REPORTING_INTAKE ? "crm.sales-order.v1" : "ar.intake.v1"));
	set(m, ev, a, TEXT("provenance.cause.event_id"), text_printf(a, "cause-%s-%d-%lld", service_of[t->source], source_lane, (long long)seq));
	if (t->source == REPORTING_INTAKE)
		set(m, ev, a, TEXT("provenance.destination_seq"),
		    text_printf(a, "%lld", (long long)++made->destination_seq[t->source_lane / 1000][t->lane]));
}

static void make(struct made *made, const struct told *t, struct arena *a, struct input *ret)
{
	const struct wire_msg *m = msg_of[t->source];
	void *ev = wire_new(m, 1, a);
	struct text rest = text_of(t->set), pair, path;
	struct err err = { 0 };
	struct text value;

	set(m, ev, a, TEXT("account"), text_of(t->account));
	set_provenance(made, t, ev, a);
	while (piece(&rest, '|', &pair)) {
		assert_true(piece(&pair, '=', &path));
		set(m, ev, a, path, pair);
	}
	if (t->source == REPORTING_INTAKE)
		set(m, ev, a, TEXT("fact_type"), wire_event_name(m, ev));
	/* unsaid types of documents */
	if (t->source == REPORTING_BILLING && ((struct billing_event *)ev)->event_case == BILLING_EVENT_INVOICE_ISSUED)
		set(m, ev, a, TEXT("invoice_issued.type"), TEXT("invoice"));
	set_journal(m, ev, a, text_of(t->journal));
	if (!wire_encode(m, ev, a, &err, &value))
		fail_msg("%s: %s", t->set, err.msg);
	id_sha256(value.s, value.n, &made->last[t->source][t->lane]);
	*ret = (struct input){
		.source = (int)t->source,
		.lane = t->lane,
		.lanes = LANES,
		.cause = { .topic = text_printf(a, "ar.%s.v1", service_of[t->source]), .partition = t->lane,
			   .offset = made->offset[t->source][t->lane]++ },
		.event = ev,
		.value = value,
	};
}

static struct made *make_all(struct arena *a)
{
	struct made *made = ARENA_NEW(a, struct made);

	for (size_t i = 0; i < ARRAY_LEN(story); i++)
		make(made, &story[i], a, &made->input[i]);
	return made;
}

/* ---- reading them -------------------------------------------------------------------------------------------------- */

static uint64_t random_next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

/* A random merge of the streams (topic, lane). Seed 0: as told. */
static void interleave(const struct made *made, uint64_t seed, const struct input **ret_order)
{
	bool taken[ARRAY_LEN(story)] = { false };

	for (size_t n = 0; n < ARRAY_LEN(story); n++) {
		size_t pick = n;

		if (seed != 0) {
			int source, lane;
			bool found = false;

			while (!found) {
				source = (int)(random_next(&seed) % REPORTING_SOURCES);
				lane = (int)(random_next(&seed) % LANES);
				for (pick = 0; pick < ARRAY_LEN(story) && !found; pick++)
					found = !taken[pick] && made->input[pick].source == source && made->input[pick].lane == lane;
			}
			pick--;
		}
		taken[pick] = true;
		ret_order[n] = &made->input[pick];
	}
}

static void read_batch(struct mem *mem, const struct input *const *order, size_t n)
{
	const struct core *core = reporting_service.core;
	struct arena *a = arena_new(ARENA_SOFT, ARENA_SOFT);
	struct book *book = book_new(a, core->tables, core->n_tables);
	struct err err = { 0 };

	for (size_t i = 0; i < n; i++)
		core->want(book, order[i]);
	mem_load(mem, book);
	for (size_t i = 0; i < n; i++) {
		struct decision d = { .core = core, .book = book, .arena = a, .input = order[i] };

		assert_int_equal(core_step(&d), DECIDED);
		assert_int_equal(d.n_outcomes, 0);
	}
	if (!mem_save(mem, book, &err))
		fail_msg("%s", err.msg);
	arena_free(a);
}

static struct mem *read_all(const struct made *made, uint64_t seed)
{
	struct mem *mem = mem_new(reporting_tables, REPORTING_TABLES_N);
	const struct input *order[ARRAY_LEN(story)];

	interleave(made, seed, order);
	for (size_t at = 0, n; at < ARRAY_LEN(story); at += n) {
		n = seed == 0 ? 1 : MIN((size_t)random_next(&seed) % 9 + 1, ARRAY_LEN(story) - at);
		read_batch(mem, &order[at], n);
	}
	return mem;
}

/* ---- comparing -------------------------------------------------------------------------------------------------------- */

static bool is_commit_order(const struct col *c)
{
	return strcmp(c->name, "ledger_seq") == 0 || strcmp(c->name, "undone_ledger_seq") == 0;
}

static struct text row_text(const struct table *t, const void *row, struct arena *a)
{
	struct buf b = { .arena = a };

	for (int i = 0; i < t->n_cols; i++) {
		const struct col *c = &t->cols[i];

		if (is_commit_order(c))
			continue;
		buf_printf(&b, "%s=", c->name);
		if (c->kind == COL_TEXT || c->kind == COL_CURRENCY || c->kind == COL_BYTES)
			buf_json_string(&b, col_text(c, row));
		else
			buf_printf(&b, "%lld", (long long)col_int(c, row));
		buf_addc(&b, ' ');
	}
	return buf_text(&b);
}

static int by_text(const void *x, const void *y)
{
	return text_cmp(*(const struct text *)x, *(const struct text *)y);
}

static struct text *all_rows(struct mem *mem, const struct table *t, struct arena *a, size_t *ret_n)
{
	const void *const *rows = mem_rows(mem, t, ret_n);
	struct text *texts = ARENA_ARRAY(a, *ret_n, struct text);

	for (size_t i = 0; i < *ret_n; i++)
		texts[i] = row_text(t, rows[i], a);
	if (*ret_n > 0)
		qsort(texts, *ret_n, sizeof(*texts), by_text);
	return texts;
}

static void compare(struct mem *expected, struct mem *found, uint64_t seed, struct arena *a)
{
	for (size_t t = 0; t < REPORTING_TABLES_N; t++) {
		size_t n, m;
		struct text *e = all_rows(expected, reporting_tables[t], a, &n);
		struct text *f = all_rows(found, reporting_tables[t], a, &m);

		for (size_t i = 0; i < MIN(n, m); i++)
			if (!text_eq(e[i], f[i]))
				fail_msg("seed %d, table %s:\nexpected %s\nfound    %s", (int)seed, reporting_tables[t]->name, e[i].s, f[i].s);
		assert_int_equal(n, m);
	}
}

/* ---- tests ------------------------------------------------------------------------------------------------------------ */

static void test_interleavings(void **state)
{
	struct arena *a = arena_new(ARENA_SOFT, ARENA_SOFT);
	struct made *made = make_all(a);
	struct mem *expected = read_all(made, 0);

	(void)state;
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct mem *found = read_all(made, seed);

		compare(expected, found, seed, a);
		mem_free(found);
	}
	mem_free(expected);
	arena_free(a);
}

/* Every record takes one number of its lane, whatever the order. */
static void test_ledger_seq_is_gapless(void **state)
{
	struct arena *a = arena_new(ARENA_SOFT, ARENA_SOFT);
	struct made *made = make_all(a);
	struct mem *mem = read_all(made, 7);
	const void *const *rows;
	bool seen[LANES][ARRAY_LEN(story) + 1] = { { false } };
	int64_t last[LANES] = { 0 };
	size_t n;

	(void)state;
	rows = mem_rows(mem, &reporting_record_table, &n);
	assert_int_equal(n, ARRAY_LEN(story));
	for (size_t i = 0; i < n; i++) {
		const struct reporting_record *r = rows[i];

		assert_in_range(r->ledger_seq, 1, ARRAY_LEN(story));
		assert_false(seen[r->lane][r->ledger_seq]);
		seen[r->lane][r->ledger_seq] = true;
		last[r->lane] = MAX(last[r->lane], r->ledger_seq);
	}
	for (int lane = 0; lane < LANES; lane++)
		for (int64_t i = 1; i <= last[lane]; i++)
			assert_true(seen[lane][i]);
	mem_free(mem);
	arena_free(a);
}

/* LEDGER section 1: the open amount is the sum of the control lines; the events say the same; both tie out. */
static void test_journal_and_events_agree(void **state)
{
	struct arena *a = arena_new(ARENA_SOFT, ARENA_SOFT);
	struct made *made = make_all(a);
	struct mem *mem = read_all(made, 3);
	const void *const *rows;
	size_t n;

	(void)state;
	rows = mem_rows(mem, &reporting_item_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_item *it = rows[i];

		if (it->open_minor != it->brought_minor + it->applied_minor)
			fail_msg("item " TEXT_FMT ": open %lld, brought %lld, applied %lld", TEXT_ARG(it->document_id),
				 (long long)it->open_minor, (long long)it->brought_minor, (long long)it->applied_minor);
		assert_true(it->kind.n > 0);
	}
	rows = mem_rows(mem, &reporting_tie_out_table, &n);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_tie_out *t = rows[i];

		assert_int_equal(t->items_minor, t->control_minor);
	}
	mem_free(mem);
	arena_free(a);
}

/* A parked input is over with its final record; one that still waits is not. */
static void test_parked_until_released(void **state)
{
	struct arena *a = arena_new(ARENA_SOFT, ARENA_SOFT);
	struct mem *mem = read_all(make_all(a), 5);
	const void *const *rows;
	size_t n, parked = 0;

	(void)state;
	rows = mem_rows(mem, &reporting_exception_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct reporting_exception *x = rows[i];

		if (!text_eq(x->kind, TEXT("parked")))
			continue;
		assert_int_equal(x->resolved, text_eq(x->ref, TEXT("in-O3")));
		parked++;
	}
	assert_int_equal(parked, 2);
	mem_free(mem);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interleavings),
		cmocka_unit_test(test_ledger_seq_is_gapless),
		cmocka_unit_test(test_journal_and_events_agree),
		cmocka_unit_test(test_parked_until_released),
	};

	return cmocka_run_group_tests_name("reporting interleavings", tests, NULL, NULL);
}
