/* company_impl: what the parts of the generator share. Private to company*.c. */
#ifndef CLI_COMPANY_IMPL_H
#define CLI_COMPANY_IMPL_H

#include "cli/company.h"
#include "ev/bank.h"
#include "ev/crm.h"
#include "ev/reference.h"

#define ENTITIES_N 3
#define LINES_MAX  4
#define MERGED_MAX 4 /* orders one payment may cover */
#define TERMS_N    5

/* Chances are per mille. */
#define CHANCE_ORDER        90 /* an order per account and business day */
#define CHANCE_TWO_PARTS    120 /* an order delivered in two parts */
#define CHANCE_AMEND        30
#define CHANCE_CANCEL       25
#define CHANCE_TAKE_ON      150 /* an account brings an open item */
#define CHANCE_OLDEST_FIRST 300 /* a slow payer has agreed on it */
#define CHANCE_SHORT        30
#define CHANCE_OVER         12
#define CHANCE_NO_REFERENCE 90
#define CHANCE_GARBLED      30
#define CHANCE_ADVICE       60 /* says it in a remittance advice instead */
#define CHANCE_MERGE        250
#define CHANCE_RETURN       40
#define CHANCE_TWICE        6 /* pays the same invoice again */
#define CHANCE_STRANGER     120 /* per bank account and day: money of somebody unknown */
#define CHANCE_FEE_DAY      40
#define CHANCE_PROMISE      600 /* a late payer who is called promises something */
#define CHANCE_KEPT         500 /* and pays on that day */
#define CHANCE_SAME_EVENT   4 /* the sender repeats an event */

struct rng {
	uint64_t state;
};

struct entity {
	const char *code, *name, *currency, *prefix, *bank_account, *country;
	int fiscal_start_month;
	int64_t price_scale; /* of unit prices */
	int64_t balance_minor; /* of the bank account */
	int64_t line_count; /* bank lines so far */
	int64_t statement_sum, statement_lines; /* of the day */
};

enum habit { HABIT_PUNCTUAL, HABIT_SLOW, HABIT_LATE, HABIT_NEVER };

struct account {
	char code[24];
	char name[80];
	char iban[32];
	int entity;
	enum habit habit;
	bool oldest_first; /* agreed on LEDGER section 4, rule 4 */
	int terms; /* index into the terms */
	int64_t orders;
};

struct order {
	int32_t account;
	int32_t number; /* of the account, 1.. */
	int32_t version;
	int32_t parts; /* deliveries: 1 or 2 */
	int32_t delivered;
	int32_t paid_parts; /* instalments */
	date_t booked, issued; /* issued: of the last invoice */
	bool cancelled, paid_for;
	int n_lines;
	struct {
		int64_t quantity_e6, price_e6;
		const char *item;
		bool deferred;
	} line[LINES_MAX];
	int64_t gross_minor[2]; /* of each delivery's invoice, as billing will compute it */
};

enum action_kind { ACT_AMEND, ACT_DELIVER, ACT_CANCEL, ACT_PAY, ACT_RETURN, ACT_PAY_AGAIN, ACT_PROMISE };

/* Something that will happen on a day. One list per day, in order of making. */
struct action {
	enum action_kind kind;
	int64_t order;
	int64_t amount_minor; /* ACT_RETURN */
	char line_id[24]; /* ACT_RETURN: the line that comes back */
	date_t promised; /* ACT_PROMISE */
	int64_t next; /* index + 1 of the next of the day */
};

struct company {
	const struct company_plan *plan;
	company_line_fn *line;
	void *ctx;
	struct arena *arena; /* rewound after each event */
	struct rng rng;
	struct entity entity[ENTITIES_N];
	struct account *accounts;
	struct order *orders;
	size_t n_orders, cap_orders;
	struct action *actions;
	size_t n_actions, cap_actions;
	int64_t *day_first, *day_last; /* index + 1 into actions */
	date_t today;
	int64_t crm_events, bank_events, people_events;
};

/* ---- company_words.c ---- */
void company_name(struct rng *rng, char *buf, size_t size, const char *country);
void company_iban(struct rng *rng, char *buf, size_t size, const char *country);
const char *company_item(struct rng *rng);
/* Text around references, as people write it: contains `refs` untouched. */
struct text company_remittance(struct rng *rng, struct arena *a, struct text refs);
/* Text that says what was meant to a person, and nothing to a machine. */
struct text company_garbled(struct rng *rng, struct arena *a, date_t day);

date_t company_working_day(date_t day);

uint64_t rng_next(struct rng *rng);
int64_t rng_below(struct rng *rng, int64_t n);
bool rng_chance(struct rng *rng, int64_t per_mille);

/* ---- company_terms.c; part: 0.. of the instalments ---- */
bool company_emit_terms(struct company *c, struct err *err);
const char *company_terms_code(int terms);
int company_instalments(int terms); /* 1: none */
date_t company_due(int terms, date_t issued, int part);
/* Of the gross amount, as billing splits it. */
int64_t company_share(int terms, int64_t gross_minor, int part);

/* ---- company_promise.c ---- */
/* Of an order that will be late; pays: the day it is paid, DATE_NONE: never. */
void company_plan_promise(struct company *c, int64_t order, date_t due, date_t pays);
bool company_promise(struct company *c, const struct action *a, struct err *err);

/* ---- company_bank.c: what customers pay ---- */
bool company_payable(const struct company *c, int64_t order);
/* What its next payment will be: all of it, or an instalment. */
int64_t company_to_pay(const struct company *c, int64_t order);
bool company_pay(struct company *c, int64_t order, bool again, struct err *err);
bool company_return(struct company *c, const struct action *a, struct err *err);
bool company_strangers(struct company *c, struct err *err);
bool company_statements(struct company *c, struct err *err);

/* ---- company.c ---- */
void company_plan_payment(struct company *c, int64_t order);
void company_later(struct company *c, date_t day, struct action action);
bool company_emit(struct company *c, const char *topic, const void *body, const char *source, int64_t number, struct err *err);
struct text company_order_id(struct company *c, int64_t order);
struct text company_po(struct company *c, int64_t order);

#endif
