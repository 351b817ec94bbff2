/*
 * The records of test_reporting_interleave.c: two lanes, two customers, one bank account. An invoice is paid, with a credit memo and
 * an excess; a bank line is assigned to the wrong customer, sent back, assigned again, applied, and comes back unpaid.
 */
#ifndef TEST_REPORTING_STORY_H
#define TEST_REPORTING_STORY_H

#include "reporting/reporting.h"

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
	int32_t source_lane; /* intake only */
};

#define ON_INTAKE(lane, source_lane, account, set)                                                                                 \
	{                                                                                                                          \
		REPORTING_INTAKE, lane, account, set, "", source_lane                                                              \
	}
#define ON_BILLING(lane, account, set, journal)                                                                                    \
	{                                                                                                                          \
		REPORTING_BILLING, lane, account, set, journal, 0                                                                  \
	}
#define ON_CASH(lane, account, set, journal)                                                                                       \
	{                                                                                                                          \
		REPORTING_CASH, lane, account, set, journal, 0                                                                     \
	}
#define ON_COLLECTIONS(lane, account, set)                                                                                         \
	{                                                                                                                          \
		REPORTING_COLLECTIONS, lane, account, set, "", 0                                                                   \
	}

#define ENTITY                                                                                                                     \
	"reference.entity_recorded.name=Delta GmbH|reference.entity_recorded.functional_currency=EUR|"                             \
	"reference.entity_recorded.fiscal_year_start_month=1|reference.entity_recorded.number_prefix=DE|"                          \
	"reference.entity_recorded.entity=DE"
#define OPENED(day) "reference.day_opened.business_date=" day "|reference.day_opened.entities=DE"
#define CLOSED(day) "reference.day_closed.business_date=" day "|reference.day_closed.entities=DE"
#define CUSTOMER(account, from, name)                                                                                              \
	"customer.customer_recorded.account=" account "|customer.customer_recorded.effective_from=" from                           \
	"|customer.customer_recorded.legal_name=" name "|customer.customer_recorded.terms_code=N30"
#define DOC(m, id, num, order, net, tax, gross)                                                                                    \
	m ".document_id=" id "|" m ".number=" num "|" m ".entity=DE|" m ".currency_code=EUR|" m ".issue_date=2026-03-02|" m        \
	  ".accounting_date=2026-03-02|" m ".order_id=" order "|" m ".order_version=2|" m ".net_minor=" net "|" m                  \
	  ".tax_minor=" tax "|" m ".gross_minor=" gross
#define ITEM(m, i, seq, due, original, open)                                                                                       \
	"|" m ".items[" i "].sequence=" seq "|" m ".items[" i "].due_date=" due "|" m ".items[" i "].original_minor=" original     \
	"|" m ".items[" i "].open_minor=" open
#define LINE(m, id, amount, day)                                                                                                   \
	m ".line_id=" id "|" m ".bank_account=BANK|" m ".entity=DE|" m ".amount=" amount "|" m ".booking_date=" day
#define ACCOUNTED(m, day) "|" m ".accounting_date=" day
#define MOVE(m, id, kind, from, line, amount)                                                                                      \
	m ".transfer_id=" id "|" m ".kind=" kind "|" m ".from_account=" from "|" m ".line_id=" line "|" m ".bank_account=BANK|" m  \
	  ".entity=DE|" m ".amount=" amount "|" m ".booking_date=2026-03-05"
#define APPLICATION(m, i, id, credit, debit, seq, amount, day)                                                                     \
	"|" m ".applications[" i "].application_id=" id "|" m ".applications[" i "].credit.document_id=" credit "|" m              \
	".applications[" i "].credit.sequence=1|" m ".applications[" i "].debit.document_id=" debit "|" m ".applications[" i       \
	"].debit.sequence=" seq "|" m ".applications[" i "].amount=" amount "|" m ".applications[" i "].accounting_date=" day

static const struct told story[] = {
	/* what passed the gate */
	ON_INTAKE(0, 4000, "", ENTITY),
	ON_INTAKE(1, 4000, "", ENTITY),
	ON_INTAKE(0, 4000, "", OPENED("2026-03-02")),
	ON_INTAKE(1, 4000, "", OPENED("2026-03-02")),
	ON_INTAKE(0, 0, "A1", CUSTOMER("A1", "2026-01-01", "Acme")),
	ON_INTAKE(1, 0, "B2", CUSTOMER("B2", "2026-01-01", "Bolt")),
	ON_INTAKE(0, 0, "A1", CUSTOMER("A1", "2026-03-04", "Acme Renamed")),
	ON_INTAKE(0, 1000, "A1",
		  "sales_order.order_fulfilled.account=A1|sales_order.order_fulfilled.order_id=O1|"
		  "sales_order.order_fulfilled.order_version=2|sales_order.order_fulfilled.supply_date=2026-03-02|"
		  "provenance.event_id=in-O1|provenance.cause.event_id=crm-O1"),
	ON_INTAKE(0, 2000, "~BANK",
		  "payment.line_booked.kind=payment|" LINE(
			  "payment.line_booked", "L1", "118.00 EUR",
			  "2026-03-05") "|provenance.event_id=in-L1|provenance.cause.event_id=bank-L1"),
	ON_INTAKE(0, 4000, "", CLOSED("2026-03-09") "|provenance.event_id=in-close-0"),
	ON_INTAKE(0, 4000, "", OPENED("2026-03-10")),
	ON_INTAKE(1, 4000, "", CLOSED("2026-03-09") "|provenance.event_id=in-close-1"),
	ON_INTAKE(1, 4000, "", OPENED("2026-03-10")),

	/* billing: an invoice, one in two instalments, one after waiting, a credit memo, a take-on, a refusal */
	ON_BILLING(0, "A1",
		   "order_recorded.order_id=O1|order_recorded.order_version=1|order_recorded.entity=DE|order_recorded.state=open|"
		   "order_recorded.input_type=order_booked|order_recorded.net=100.00 EUR|order_recorded.customer_po=PO-7",
		   ""),
	ON_BILLING(0, "A1",
		   DOC("invoice_issued", "D1", "DE26-1", "O1", "10000", "1800", "11800")
			   ITEM("invoice_issued", "0", "1", "2026-04-01", "11800",
				"11800") "|provenance.event_id=bill-D1|provenance.cause.event_id=in-O1",
		   "invoice DE 2026-03-02 / ar 118.00 EUR A1 D1 1 / revenue -100.00 EUR / tax_payable -18.00 EUR"),
	ON_BILLING(0, "A1",
		   DOC("invoice_issued", "D2", "DE26-2", "O2", "10000", "0", "10000")
			   ITEM("invoice_issued", "0", "1", "2026-03-05", "6000", "6000")
				   ITEM("invoice_issued", "1", "2", "2026-04-20", "4000", "4000"),
		   "invoice DE 2026-03-02 / ar 60.00 EUR A1 D2 1 / ar 40.00 EUR A1 D2 2 / deferred_revenue -100.00 EUR"),
	ON_BILLING(
		0, "A1",
		"parked.reason=order_version_gap|parked.waiting_for=O3 version 2|parked.aggregate=O3|parked.input_type=order_fulfilled|"
		"provenance.cause.event_id=in-O3|provenance.final=false",
		""),
	ON_BILLING(0, "A1",
		   "parked.reason=order_unknown|parked.waiting_for=O4|parked.aggregate=O4|parked.input_type=order_fulfilled|"
		   "provenance.cause.event_id=in-O4|provenance.final=false",
		   ""),
	ON_BILLING(0, "A1",
		   DOC("invoice_issued", "D3", "DE26-3", "O3", "500", "0", "500")
			   ITEM("invoice_issued", "0", "1", "2026-04-01", "500",
				"500") "|provenance.cause.event_id=in-O3|provenance.part=2",
		   "invoice DE 2026-03-02 / ar 5.00 EUR A1 D3 1 / revenue -5.00 EUR"),
	ON_BILLING(
		0,
		"A1",
		"credit_memo_issued.type=credit_memo|credit_memo_issued.refers_to_document_id=D1|credit_memo_issued.reason=price|" DOC(
			"credit_memo_issued", "M1", "DE26-C1", "O1", "1525", "275", "1800")
			ITEM("credit_memo_issued", "0", "1", "2026-03-02", "-1800", "-1800"),
		"credit_memo DE 2026-03-02 / ar -18.00 EUR A1 M1 1 / revenue 15.25 EUR / tax_payable 2.75 EUR"),
	ON_BILLING(0, "A1",
		   "item_taken_on.type=receipt|item_taken_on.taken_on=true|item_taken_on.external_number=OLD-R|" DOC(
			   "item_taken_on", "T1", "", "", "5000", "0", "5000")
			   ITEM("item_taken_on", "0", "1", "2026-02-01", "-5000", "-5000"),
		   "take_on DE 2026-03-02 / ar_unapplied -50.00 EUR A1 T1 1 / opening_balance 50.00 EUR"),
	ON_BILLING(
		0,
		"A1",
		"item_taken_on.type=invoice|item_taken_on.taken_on=true|item_taken_on.external_number=OLD-I|item_taken_on.dunning_level=2|" DOC(
			"item_taken_on", "T2", "", "", "3000", "0", "3000")
			ITEM("item_taken_on", "0", "1", "2026-01-05", "8000", "3000"),
		"take_on DE 2026-03-02 / ar 30.00 EUR A1 T2 1 / opening_balance -30.00 EUR"),
	ON_BILLING(0, "A1",
		   "refused.reason=order_closed|refused.detail=O1 is fulfilled|refused.subject=O1|refused.input_type=order_amended",
		   ""),
	ON_BILLING(1, "B2",
		   DOC("invoice_issued", "D9", "DE26-9", "O9", "7100", "0", "7100")
			   ITEM("invoice_issued", "0", "1", "2026-04-01", "7100", "7100"),
		   "invoice DE 2026-03-02 / ar 71.00 EUR B2 D9 1 / revenue -71.00 EUR"),

	/* cash: L1 is A1's at once, and pays D1 together with the credit memo; the rest stays unapplied */
	ON_CASH(0, "~BANK",
		LINE("line_posted", "L1", "118.00 EUR", "2026-03-05") ACCOUNTED(
			"line_posted",
			"2026-03-05") "|line_posted.document_id=H1|line_posted.statement_id=S1|"
				      "line_posted.identified=true|line_posted.remittance.payer_name=Acme|line_posted.remittance.text=DE26-1|"
				      "provenance.cause.event_id=in-L1|provenance.final=false",
		"bank_line DE 2026-03-05 / bank_clearing 118.00 EUR / money_in_transit -118.00 EUR"),
	ON_CASH(0, "~BANK",
		MOVE("transfer_sent", "X1", "payer", "~BANK", "L1",
		     "118.00 EUR") "|transfer_sent.to_account=A1|transfer_sent.from_document_id=H1|"
				   "transfer_sent.accounting_date=2026-03-05|transfer_sent.explanation.rule_id=reference|transfer_sent.explanation.because=text names DE26-1|"
				   "provenance.event_id=cash-X1|provenance.cause.event_id=in-L1|provenance.part=2",
		""),
	ON_CASH(0, "A1",
		MOVE("transfer_accepted", "X1", "payer", "~BANK", "L1",
		     "118.00 EUR") "|transfer_accepted.document_id=R1|transfer_accepted.accounting_date=2026-03-05"
				   "|provenance.cause.event_id=cash-X1|provenance.final=false",
		"transfer_accepted DE 2026-03-05 / money_in_transit 118.00 EUR / ar_unapplied -118.00 EUR A1 R1 1"),
	ON_CASH(0, "A1",
		"applied.entity=DE|applied.explanation.rule_id=reference|applied.explanation.because=DE26-1 named" APPLICATION(
			"applied", "0", "P1", "M1", "D1", "1", "18.00 EUR", "2026-03-05")
			APPLICATION("applied", "1", "P2", "R1", "D1", "1", "100.00 EUR", "2026-03-05"),
		"apply DE 2026-03-05 / ar 18.00 EUR A1 M1 1 / ar -18.00 EUR A1 D1 1 / ar_unapplied 100.00 EUR A1 R1 1 / ar -100.00 EUR A1 D1 1"),
	ON_CASH(0, "A1",
		"left_unapplied.credit.document_id=R1|left_unapplied.credit.sequence=1|left_unapplied.amount=18.00 EUR|left_unapplied.reason=excess|"
		"left_unapplied.explanation.because=more than named|left_unapplied.explanation.candidates[0].what=DE26-2|"
		"left_unapplied.explanation.candidates[0].rule_id=reference|left_unapplied.explanation.candidates[0].note=not named",
		""),
	/* L2 is nobody's, then B2's by command, sent back, then A1's, applied, and comes back unpaid */
	ON_CASH(0, "~BANK",
		LINE("line_posted", "L2", "60.00 EUR", "2026-03-05") ACCOUNTED(
			"line_posted",
			"2026-03-05") "|line_posted.document_id=H2|line_posted.statement_id=S1|line_posted.remittance.payer_name=Who",
		"bank_line DE 2026-03-05 / bank_clearing 60.00 EUR / unidentified_receipts -60.00 EUR ~BANK H2 1"),
	ON_CASH(0, "~BANK",
		"left_unidentified.line_id=L2|left_unidentified.reason=no_evidence|left_unidentified.explanation.because=nothing fits",
		""),
	ON_CASH(0, "~BANK",
		MOVE("transfer_sent", "X2", "payer", "~BANK", "L2",
		     "60.00 EUR") "|transfer_sent.to_account=B2|transfer_sent.from_document_id=H2|"
				  "transfer_sent.accounting_date=2026-03-06|transfer_sent.explanation.rule_id=by_command",
		"transfer_sent DE 2026-03-06 / unidentified_receipts 60.00 EUR ~BANK H2 1 / money_in_transit -60.00 EUR"),
	ON_CASH(1, "B2",
		MOVE("transfer_accepted", "X2", "payer", "~BANK", "L2",
		     "60.00 EUR") "|transfer_accepted.document_id=R2|transfer_accepted.accounting_date=2026-03-06",
		"transfer_accepted DE 2026-03-06 / money_in_transit 60.00 EUR / ar_unapplied -60.00 EUR B2 R2 1"),
	ON_CASH(1, "B2",
		"applied.entity=DE|applied.explanation.rule_id=oldest_first" APPLICATION("applied", "0", "P3", "R2", "D9", "1",
											 "60.00 EUR", "2026-03-06"),
		"apply DE 2026-03-06 / ar_unapplied 60.00 EUR B2 R2 1 / ar -60.00 EUR B2 D9 1"),
	ON_CASH(1, "B2",
		"unapplied.entity=DE|unapplied.reason=send_back" APPLICATION("unapplied", "0", "P3", "R2", "D9", "1", "60.00 EUR",
									     "2026-03-07"),
		"unapply DE 2026-03-07 / ar_unapplied -60.00 EUR B2 R2 1 / ar 60.00 EUR B2 D9 1"),
	ON_CASH(1, "B2",
		MOVE("transfer_sent", "X3", "send_back", "B2", "L2",
		     "60.00 EUR") "|transfer_sent.to_account=~BANK|transfer_sent.from_document_id=R2|"
				  "transfer_sent.accounting_date=2026-03-07",
		"send_back DE 2026-03-07 / ar_unapplied 60.00 EUR B2 R2 1 / money_in_transit -60.00 EUR"),
	ON_CASH(0, "~BANK",
		MOVE("transfer_accepted", "X3", "send_back", "B2", "L2",
		     "60.00 EUR") "|transfer_accepted.document_id=H2|transfer_accepted.accounting_date=2026-03-07",
		"transfer_accepted DE 2026-03-07 / money_in_transit 60.00 EUR / unidentified_receipts -60.00 EUR ~BANK H2 1"),
	ON_CASH(0, "~BANK",
		MOVE("transfer_sent", "X4", "payer", "~BANK", "L2",
		     "60.00 EUR") "|transfer_sent.to_account=A1|transfer_sent.from_document_id=H2|"
				  "transfer_sent.accounting_date=2026-03-08",
		"transfer_sent DE 2026-03-08 / unidentified_receipts 60.00 EUR ~BANK H2 1 / money_in_transit -60.00 EUR"),
	ON_CASH(0, "A1",
		MOVE("transfer_accepted", "X4", "payer", "~BANK", "L2",
		     "60.00 EUR") "|transfer_accepted.document_id=R3|transfer_accepted.accounting_date=2026-03-08",
		"transfer_accepted DE 2026-03-08 / money_in_transit 60.00 EUR / ar_unapplied -60.00 EUR A1 R3 1"),
	ON_CASH(0, "A1",
		"applied.entity=DE|applied.explanation.rule_id=exact_amount" APPLICATION("applied", "0", "P4", "R3", "D2", "1",
											 "60.00 EUR", "2026-03-08"),
		"apply DE 2026-03-08 / ar_unapplied 60.00 EUR A1 R3 1 / ar -60.00 EUR A1 D2 1"),
	ON_CASH(0, "~BANK",
		LINE("return_posted", "Q2", "60.00 EUR", "2026-03-09") ACCOUNTED(
			"return_posted",
			"2026-03-09") "|return_posted.statement_id=S1|return_posted.returned_line_id=L2|return_posted.fee=3.00 EUR|"
				      "return_posted.reason=NSF|return_posted.place=passed_on",
		"return DE 2026-03-09 / money_in_transit 60.00 EUR / bank_clearing -60.00 EUR | return_fee DE 2026-03-09 / bank_charges 3.00 EUR / bank_clearing -3.00 EUR"),
	ON_CASH(0, "~BANK",
		"return_passed_on.return_id=Y2|return_passed_on.from_account=~BANK|return_passed_on.to_account=A1|return_passed_on.transfer_id=X4|"
		"return_passed_on.returned_line_id=L2|return_passed_on.bank_account=BANK|return_passed_on.entity=DE|return_passed_on.amount=60.00 EUR|"
		"return_passed_on.booking_date=2026-03-09|return_passed_on.accounting_date=2026-03-09",
		""),
	ON_CASH(0, "A1",
		"unapplied.entity=DE|unapplied.reason=return|provenance.final=false" APPLICATION("unapplied", "0", "P4", "R3", "D2",
												 "1", "60.00 EUR", "2026-03-09"),
		"unapply DE 2026-03-09 / ar_unapplied -60.00 EUR A1 R3 1 / ar 60.00 EUR A1 D2 1"),
	ON_CASH(0, "A1",
		"return_settled.return_id=Y2|return_settled.document_id=R3|return_settled.returned_line_id=L2|return_settled.bank_account=BANK|return_settled.entity=DE|"
		"return_settled.amount=60.00 EUR|return_settled.accounting_date=2026-03-09|return_settled.reason=NSF",
		"return DE 2026-03-09 / ar_unapplied 60.00 EUR A1 Y2 1 / money_in_transit -60.00 EUR |"
		" return_linked DE 2026-03-09 / ar_unapplied 60.00 EUR A1 R3 1 / ar_unapplied -60.00 EUR A1 Y2 1"),
	/* L3 comes back before anybody knew whose it was; Q4 names no line; L5 is a fee of the bank */
	ON_CASH(0, "~BANK",
		LINE("line_posted", "L3", "25.00 EUR", "2026-03-06")
			ACCOUNTED("line_posted", "2026-03-06") "|line_posted.document_id=H3|line_posted.statement_id=S1",
		"bank_line DE 2026-03-06 / bank_clearing 25.00 EUR / unidentified_receipts -25.00 EUR ~BANK H3 1"),
	ON_CASH(0, "~BANK", "left_unidentified.line_id=L3|left_unidentified.reason=no_evidence", ""),
	ON_CASH(0, "~BANK",
		LINE("return_posted", "Q3", "25.00 EUR", "2026-03-09") ACCOUNTED(
			"return_posted",
			"2026-03-09") "|return_posted.statement_id=S1|return_posted.returned_line_id=L3|return_posted.place=holding",
		"return DE 2026-03-09 / unidentified_receipts 25.00 EUR ~BANK H3 1 / bank_clearing -25.00 EUR"),
	ON_CASH(0, "~BANK",
		LINE("return_posted", "Q4", "11.00 EUR", "2026-03-09") ACCOUNTED(
			"return_posted",
			"2026-03-09") "|return_posted.statement_id=S1|return_posted.place=suspense|return_posted.exception=line_not_named",
		"return DE 2026-03-09 / returned_items_suspense 11.00 EUR / bank_clearing -11.00 EUR"),
	ON_CASH(0, "~BANK",
		LINE("line_excluded", "L5", "-4.00 EUR", "2026-03-09") "|line_excluded.statement_id=S1|line_excluded.reason=fee",
		""),
	/* L6 is sent to an account that does not exist, and stays unidentified */
	ON_CASH(0, "~BANK",
		LINE("line_posted", "L6", "9.00 EUR", "2026-03-09") ACCOUNTED(
			"line_posted",
			"2026-03-09") "|line_posted.document_id=H6|line_posted.statement_id=S1|line_posted.identified=true",
		"bank_line DE 2026-03-09 / bank_clearing 9.00 EUR / money_in_transit -9.00 EUR"),
	ON_CASH(0, "~BANK",
		MOVE("transfer_sent", "X6", "payer", "~BANK", "L6",
		     "9.00 EUR") "|transfer_sent.to_account=Z9|transfer_sent.from_document_id=H6|transfer_sent.accounting_date=2026-03-09",
		""),
	ON_CASH(1, "Z9",
		"transfer_refused.transfer_id=X6|transfer_refused.from_account=~BANK|transfer_refused.reason=account_unknown|" MOVE(
			"transfer_refused.transfer", "X6", "payer", "~BANK", "L6",
			"9.00 EUR") "|transfer_refused.transfer.to_account=Z9|"
				    "transfer_refused.transfer.from_document_id=H6|transfer_refused.transfer.accounting_date=2026-03-09",
		""),
	ON_CASH(0, "~BANK",
		MOVE("transfer_accepted", "X6", "payer", "~BANK", "L6",
		     "9.00 EUR") "|transfer_accepted.document_id=H6|transfer_accepted.accounting_date=2026-03-09|"
				 "transfer_accepted.returned_to_sender=true",
		"transfer_accepted DE 2026-03-09 / money_in_transit 9.00 EUR / unidentified_receipts -9.00 EUR ~BANK H6 1"),
	ON_CASH(0, "~BANK",
		"left_unidentified.line_id=L6|left_unidentified.reason=refused_before|left_unidentified.explanation.candidates[0].what=Z9",
		""),
	ON_CASH(0, "~BANK",
		"statement_checked.bank_account=BANK|statement_checked.statement_id=S1|statement_checked.entity=DE|statement_checked.opening=1000.00 EUR|"
		"statement_checked.closing=1109.00 EUR|statement_checked.lines_minor=10900|statement_checked.line_count=8|statement_checked.ties_out=true|"
		"statement_checked.booking_date=2026-03-09",
		""),
	ON_CASH(0, "A1",
		"refused.reason=version_conflict|refused.detail=expected 3, found 4|refused.subject=R1|refused.input_type=send_back",
		""),

	/* collections */
	ON_COLLECTIONS(
		0, "A1",
		"episode_begun.entity=DE|episode_begun.currency_code=EUR|episode_begun.episode=1|episode_begun.judged_date=2026-03-08"),
	ON_COLLECTIONS(
		0, "A1",
		"notice_issued.notice_id=N1|notice_issued.entity=DE|notice_issued.level=1|notice_issued.episode=1|notice_issued.notice_date=2026-03-10|"
		"notice_issued.judged_date=2026-03-09|notice_issued.amount=12.00 EUR|notice_issued.overdue_minor=9000|notice_issued.credits_minor=7800|notice_issued.oldest_days=63|"
		"notice_issued.item_count=2"),
	ON_COLLECTIONS(
		0, "~day",
		"day_judged.judged_date=2026-03-09|day_judged.subjects=1|day_judged.notices=1|provenance.cause.event_id=in-close-0"),
	ON_COLLECTIONS(
		0, "A1",
		"block_set.block_id=K1|block_set.reason=dispute|block_set.item.document_id=D2|block_set.item.sequence=1|block_set.until=2026-04-30"),
	ON_COLLECTIONS(0, "A1", "block_set.block_id=K2|block_set.reason=legal"),
	ON_COLLECTIONS(0, "A1", "block_lifted.block_id=K2"),
	ON_COLLECTIONS(
		0, "A1",
		"episode_ended.entity=DE|episode_ended.currency_code=EUR|episode_ended.episode=1|episode_ended.judged_date=2026-03-10"),
	ON_COLLECTIONS(
		0, "A1",
		"episode_begun.entity=DE|episode_begun.currency_code=EUR|episode_begun.episode=1|episode_begun.judged_date=2026-03-11|episode_begun.reopened=true"),
	ON_COLLECTIONS(0, "A1", "refused.reason=block_unknown|refused.subject=K9|refused.input_type=lift_block"),
	ON_COLLECTIONS(1, "~day", "day_judged.judged_date=2026-03-09|provenance.cause.event_id=in-close-1"),
};

#endif
