/* workload_impl: what the parts of the workload share. Private to workload*.c. */
#ifndef SIM_WORKLOAD_IMPL_H
#define SIM_WORKLOAD_IMPL_H

#include "sim.h"

#include "cash/tables.h"
#include "ev/all.h"
#include "money/money.h"
#include "wire/topics.h"
#include "wire/wire.h"

#define WL_ENTITIES_MAX  2
#define WL_BANKS_MAX     3
#define WL_CUSTOMERS_MAX 4
#define WL_ORDERS_MAX    10
#define WL_LINES_MAX     3
#define WL_HEADERS_MAX   6
#define WL_BANK_LINES    24 /* of one bank account */
#define WL_OWED_MAX      8

/* Partitions of a send, until it is sent. */
#define WL_BY_KEY  (-1) /* as the Java client does; without a key anywhere */
#define WL_FOREIGN (-2) /* somebody else's partitioner */

/* Swarm: each seed has about half of these, so that rare combinations occur. */
enum wl_feature {
	WL_TWO_ENTITIES,
	WL_TWO_BANKS,
	WL_LATE_FACTS, /* customers, terms, entities that come after what needs them */
	WL_FOREIGN_PARTITIONER,
	WL_OUT_OF_ORDER, /* order versions */
	WL_GAPS, /* versions that come days later, or never */
	WL_PARTIAL,
	WL_AMEND,
	WL_CANCEL,
	WL_TAKE_ON,
	WL_BAD_ORDERS,
	WL_PERIODS,
	WL_NEW_VERSIONS, /* of customers, terms, ladders, rules */
	WL_STRANGERS, /* unknown and wrong payers */
	WL_LUMP,
	WL_OVER_SHORT,
	WL_NO_REFERENCE,
	WL_STRUCTURED,
	WL_RETURNS,
	WL_ODD_RETURNS,
	WL_REWORK, /* applied, undone, applied again, and then the payment comes back */
	WL_STATEMENTS,
	WL_EXCLUDED,
	WL_DUPLICATES,
	WL_CONFLICTS,
	WL_NOISE,
	WL_FORMS, /* JSON, structured mode, Confluent framing */
	WL_COMMANDS,
	WL_ODD_COMMANDS,
	WL_BLOCKS,
	WL_LONG_DAYS, /* weeks between two business days: reminders */
	WL_SHARED_NAMES, /* two customers with one name, one IBAN */
	WL_SPINE_N, /* what the seeds in regressions.txt that say `spine` know */
	WL_TERMS = WL_SPINE_N, /* instalments, discounts, days of the month; several taxes of every category */
	WL_CONTACTS, /* whom a notice goes to */
	WL_SINGLE_SERIES,
	WL_SOFT_PERIODS,
	WL_CREDIT_MEMOS, /* by command */
	WL_DEBIT_MEMOS,
	WL_ADVICE, /* of payers, before and after the money */
	WL_ON_ACCOUNT, /* and lines whose payer is looked for again */
	WL_PROMISES,
	WL_HOLDS,
	WL_FEATURES_N,
};

struct wl_entity {
	const char *code, *currency, *prefix;
	int exponent, fiscal_start;
};

struct wl_bank {
	const char *account;
	int entity;
	int lines; /* line ids given: <account>-1, -2 ... */
};

struct wl_customer {
	const char *account, *name, *iban, *terms;
	int entity;
	int orders;
};

struct wl_order {
	int customer, number;
	int32_t version; /* of the last event made */
	date_t date;
	int n_lines;
	int64_t quantity_e6[WL_LINES_MAX], price_e6[WL_LINES_MAX], delivered_e6[WL_LINES_MAX];
	bool taxed, deferred, cancelled, explicit_due, external;
};

struct wl_action;
/* Makes what depends on the world's state. All in the arena; false: nothing to act on. */
typedef bool wl_make_fn(struct workload *wl, const struct wl_action *a, struct sim_rng *r, struct arena *arena,
			struct sim_send *ret);

/* What a SIM_SEND step is about. */
struct wl_action {
	struct sim_send send; /* when it is known beforehand */
	wl_make_fn *make; /* else NULL */
	size_t index; /* of its step */
	int group; /* looks at the state as it was when the first of its group was sent */
	int arg[5];
	date_t date; /* business day */
	struct text id;
};

/* What billing issued and may credit. */
struct wl_document {
	struct text account, document_id, entity, tax_code;
	char currency[4];
	int64_t net_minor;
	struct {
		int32_t line_no;
		int64_t quantity_e6, net_minor;
	} line[WL_LINES_MAX];
	size_t n_lines;
};

/* The committed state as commands see it. */
struct wl_view {
	const struct cash_item_row **items;
	size_t n_items;
	const struct cash_line_row **lines;
	size_t n_lines;
	const struct cash_application_row **applications; /* in force */
	size_t n_applications;
	const struct cash_application_row **undone; /* no longer in force */
	size_t n_undone;
	const struct cash_statement_row **statements;
	size_t n_statements;
	struct wl_document *documents;
	size_t n_documents;
};

struct workload {
	uint64_t seed;
	struct sim_rng rng;
	struct arena *arena, *view_arena;
	bool feature[WL_FEATURES_N];
	bool commutes, small;
	bool spine; /* none of the features from WL_SPINE_N on */
	struct sim_step *steps;
	struct wl_action *actions; /* one per step */
	size_t n, cap;
	int group, ids;
	date_t today; /* business day; the day before the first one until it is opened */
	struct wl_entity entity[WL_ENTITIES_MAX];
	int n_entities;
	struct wl_bank bank[WL_BANKS_MAX];
	int n_banks;
	struct wl_customer customer[WL_CUSTOMERS_MAX];
	int n_customers;
	const char *third_terms; /* besides N0 and N14; or NULL */
	struct wl_order order[WL_ORDERS_MAX];
	int n_orders;
	int versions; /* of reference facts */
	int blocks, advices, promises, holds, debit_memos;
	/* sending */
	struct wl_view view;
	int view_group;
	size_t last_index;
	const struct world *view_world;
};

/* ---- workload.c: steps ---- */
bool wl_has(const struct workload *wl, enum wl_feature f);
uint32_t wl_any(struct workload *wl, uint32_t n);
bool wl_chance(struct workload *wl, uint32_t permille);
/* What follows must not race with what was sent before; where everything may race, now and then only. */
void wl_apart(struct workload *wl);
void wl_settle(struct workload *wl);
void wl_tick(struct workload *wl, date_t date);
/* A record known now. key empty: of the topic's kind, by the caller. */
struct wl_action *wl_event(struct workload *wl, const char *topic, struct text source, struct text key, const void *body,
			   const char *what);
/* The record of action a again, as another step. */
struct wl_action *wl_again(struct workload *wl, const struct wl_action *a);
/* A record that depends on the state. */
struct wl_action *wl_later(struct workload *wl, wl_make_fn *make, const char *source);

/* ---- workload_form.c: an event as a record ---- */
enum wl_form { WL_FORM_PROTOBUF, WL_FORM_CONFLUENT, WL_FORM_JSON, WL_FORM_STRUCTURED, WL_FORM_N };
void wl_record(struct arena *arena, const char *topic, const void *body, struct text id, struct text source, struct text key,
	       enum wl_form form, struct sim_send *ret);
struct text wl_money_text(struct arena *arena, struct money m);

/* ---- workload_facts.c, workload_orders.c ---- */
void wl_reference_facts(struct workload *wl);
void wl_new_versions(struct workload *wl);
void wl_period(struct workload *wl);
void wl_customers(struct workload *wl, int first, int n);
void wl_customer_again(struct workload *wl, int c);
void wl_new_order(struct workload *wl);
void wl_order_goes_on(struct workload *wl);
void wl_take_on(struct workload *wl);
void wl_bad_order(struct workload *wl);

/* ---- workload_bank.c, workload_people.c ---- */
void wl_payments(struct workload *wl);
void wl_return(struct workload *wl);
void wl_excluded(struct workload *wl);
void wl_statement(struct workload *wl);
void wl_command(struct workload *wl);
void wl_block(struct workload *wl);
void wl_rework(struct workload *wl);
void wl_return_of_rework(struct workload *wl);

/* The n-th item that fulfils a condition, n by chance. */
typedef bool wl_item_is_fn(const struct workload *wl, const struct cash_item_row *item);
const struct cash_item_row *wl_some_item(const struct workload *wl, struct sim_rng *r, wl_item_is_fn *is);
bool wl_is_any(const struct workload *wl, const struct cash_item_row *item);
bool wl_is_held(const struct workload *wl, const struct cash_item_row *item);
bool wl_is_open_credit(const struct workload *wl, const struct cash_item_row *item);
/* A command that is wrong in one way: 1 .. 6; 0 = right. */
uint32_t wl_how_wrong(const struct workload *wl, struct sim_rng *r);
int32_t wl_version_of(const struct cash_item_row *item, uint32_t wrong);
struct type_item_ref *wl_item_ref(struct arena *arena, const struct cash_item_row *item);
struct command_event *wl_command_new(struct arena *arena, struct text account, enum command_event_case what);
bool wl_say_command(const struct wl_action *a, struct arena *arena, const struct command_event *c, struct text what,
		    struct sim_send *ret);

/* ---- workload_memos.c ---- */
void wl_terms(struct workload *wl, const char *code, int version);
void wl_taxes(struct workload *wl, struct crm_order_line *l);
void wl_credit_memo(struct workload *wl);
void wl_debit_memo(struct workload *wl);

/* ---- workload_advice.c, workload_promises.c ---- */

/* What a customer owes its entity, in order of the table: the first ones of it. */
struct wl_owed {
	const struct cash_item_row *item[WL_OWED_MAX];
	size_t n;
	int64_t minor;
};
struct wl_owed wl_owed_by(const struct workload *wl, const struct wl_customer *c, size_t max);
/* The customer pays `percent` of its first `items` items, and says little about it; with references: which. */
void wl_told_payment(struct workload *wl, int customer, int items, int percent, bool references);
void wl_advice(struct workload *wl);
void wl_on_account(struct workload *wl);
void wl_promise(struct workload *wl);
void wl_hold(struct workload *wl);

/* ---- workload_noise.c ---- */
void wl_noise(struct workload *wl);
void wl_duplicate(struct workload *wl);
void wl_conflict(struct workload *wl);

#endif
