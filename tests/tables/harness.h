/*
 * harness: business tests as text tables that finance people can read, run through the real core of a service.
 *
 * A file holds cases. Lines beginning with # are comments.
 *
 *	case L2.1 BIL-05 An invoice debits the customer and credits revenue and tax
 *	given
 *	customer_recorded
 *	| account | effective_from | legal_name |
 *	| C1      | 2026-01-01     | Acme GmbH  |
 *	when
 *	order_fulfilled
 *	| account | order_id | order_version | supply_date |
 *	| C1      | O1       | 2             | 2026-03-05  |
 *	then
 *	invoice_issued
 *	| number           | gross_minor | outcome.final |
 *	| DEI26-000000001* | 1180.00 USD | true          |
 *	journal
 *	| ledger_account | amount      | item_sequence |
 *	| ar             | 1180.00 USD | 1             |
 *
 * given     inputs, fed first; nobody looks at what comes out (but the books must balance)
 * when      inputs; from here on outcomes are collected
 * then      every outcome since `when`, in order, exactly. A name alone: any event of that kind. `none`: no outcomes
 * journal   every journal line of those outcomes, in order; columns of the line and of its entry (kind, entity, accounting_date)
 * rows T    rows of the core's table T, in key order; `none`: the table is empty
 * deliver   copies that went out to another account (outcome.destination) are fed back until none is left
 * lanes N   the system has N lanes (default 1); reference facts go to each of them
 * default X a table with one input: cells of all later inputs X of this file, except for columns that their own table has
 *
 * Names. Bare: a fact of ar.intake.v1, any member of its inner oneofs. `billing.x`, `transfer.x`: an event of that topic.
 * Columns are field paths within the event (wire/wire.h), tried there, then in its only part that has them (order_booked: `order.`),
 * then in the wrappers. `lines[].item` begins an array that goes on in following rows, whose other cells are empty.
 * `account` is also the wrapper's account and the record key (a bank line without it: `~` + bank_account), `key` the record key
 * alone, `ce_id` the id of the input (default e1, e2, ...).
 * In `then`: outcome.key, .destination, .final, .parked, .part, .cause, .event_id, .rule_versions (joined by commas).
 *
 * Cells: values as wire_set reads them. Inputs: empty or `-` leaves the field absent. Outcomes: empty or `*` = not compared, `-` = absent
 * or zero, `abc*` = begins with. `@name` as a cell of `then` keeps what is there under that name, later cells compare with it or
 * feed it (there also as a word within a longer text). `\|` is a bar.
 *
 * Every case runs twice on the in-memory twin: each input a batch of its own, then all inputs of a block as one batch, handled as the loop
 * does (want, load, want, load, steps in order; AGAIN loads what was missed or ends the batch; MORE continues). Outcomes must be equal.
 * Checked besides what the case says: inputs and outcomes are valid; an input at the head of a batch misses nothing in `want`;
 * entries balance and control lines name their item; lines per item sum to the item's open amount (struct harness.item).
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include "book/book.h"
#include "run/run.h"

/* What the core's item table says about one item. */
struct harness_item {
	struct text account, document_id;
	int32_t sequence;
	int64_t base_minor; /* part of the open amount that came in from outside (a document of billing), not by own journal lines */
	int64_t open_minor;
};

struct harness {
	const struct run_service *service;
	/* Items, or NULL. False: this row is none. */
	const struct table *item_table;
	bool (*item)(const void *row, struct harness_item *ret_item);
	/* What the cases together must reach: "order_recorded" (an outcome), "refused.reason=order_closed" (a field of one).
	 * NULL-terminated. Checked when no case failed and --part was not given. */
	const char *const *covers;
	/* Vectors of pure functions that no event reaches, or NULL: prints FAILED lines, counts. Run unless --case. */
	void (*vectors)(size_t *passed, size_t *failed);
};

/*
 * Runs: PROGRAM [--part] [--case WORDS] FILE...   Last line `N passed, N failed`; exit 0 when none failed, 2 usage.
 * --case runs the cases whose title contains WORDS and implies --part.
 */
int harness_main(const struct harness *h, int argc, char **argv);

#endif
