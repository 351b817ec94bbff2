/*
 * validate: what the tags of the .proto comments cannot say about one event: its parts against each other. Pure.
 *
 * wire_decode has checked every field for itself. Here an event is refused when no service could book it as it stands, whatever
 * else is known; and a reference fact when it contradicts itself: it is broadcast, and is better refused once than on every lane.
 * What a service refuses as business (an order that does not add up, a closed order, an open amount beyond the original one) is
 * not repeated here: that is an outcome a clerk can see, not a dead letter.
 *
 *	bad_account         a customer's account that begins with `~` (holding accounts; commands may act on those), a holding
 *	                    account without a name, a parent that is the account itself
 *	out_of_range        a payment, return, fee or amount to apply that is not positive; levels, a prefix that cannot be
 *	currency_mismatch   amounts of one bank line, return or statement in different currencies
 *	duplicate_element   a rule, currency or entity twice
 *	bad_date            a period that ends before it begins
 */
#ifndef INTAKE_CORE_VALIDATE_H
#define INTAKE_CORE_VALIDATE_H

#include "arena/arena.h"
#include "err/err.h"
#include "ev/intake.h"

/* event: decoded by wire, fact set. The arena is scratch space. False: ERR_REJECT with a code from above. */
bool intake_validate(const struct intake_event *event, struct arena *arena, struct err *err) MUST_USE;

#endif
