/*
 * route: whom a fact concerns, and which key its record must carry (DESIGN section 2). Pure.
 *
 *	fact                      account = key of ar.intake      record key at the gate
 *	customer, sales order     the customer's account          the same
 *	bank line, statement      `~` + our bank account          our bank account
 *	command                   command.account                 the same
 *	entity, bank account,     none: every lane gets a copy    the entity
 *	  period
 *	day opened, day closed    none: every lane                `~day`
 *	terms, ladder, cash rules none: every lane                any: they belong to no entity
 */
#ifndef INTAKE_CORE_ROUTE_H
#define INTAKE_CORE_ROUTE_H

#include "arena/arena.h"
#include "err/err.h"
#include "ev/intake.h"

/* The account a fact concerns; empty for reference facts. A holding account is made in the arena. */
struct text intake_account(const struct intake_event *event, struct arena *arena);

/* Our bank account a bank line or statement names, its entity, and the currency of its amount; false for other facts. */
struct intake_bank {
	struct text bank_account, entity, currency;
};
bool intake_bank(const struct intake_event *event, struct intake_bank *ret_bank);

/*
 * A record without a key (null or empty) is fine: the order of one account is then whatever its sender's partitioner made of it.
 * A key that says something else than the event is refused (key_mismatch): one of the two is wrong.
 */
bool intake_check_key(const struct intake_event *event, struct text key, struct err *err) MUST_USE;

#endif
