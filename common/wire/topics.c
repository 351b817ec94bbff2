#include "wire/topics.h"

#include "ev/all.h"

#include "ar/bank/v1/payment.pb-c.h"
#include "ar/billing/v1/billing.pb-c.h"
#include "ar/cash/v1/cash.pb-c.h"
#include "ar/collections/v1/collections.pb-c.h"
#include "ar/command/v1/command.pb-c.h"
#include "ar/crm/v1/customer.pb-c.h"
#include "ar/crm/v1/sales_order.pb-c.h"
#include "ar/intake/v1/intake.pb-c.h"
#include "ar/reference/v1/reference.pb-c.h"

const struct wire_topic wire_topics[] = {
	{ "crm.customer.v1", &crm_customer_event_msg, &ar__crm__v1__customer_event__descriptor, "account", "CRM", true, false },
	{ "crm.sales-order.v1", &crm_sales_order_event_msg, &ar__crm__v1__sales_order_event__descriptor, "account", "CRM", true,
	  false },
	{ "bank.payment.v1", &bank_payment_event_msg, &ar__bank__v1__payment_event__descriptor, "bank account", "bank feed", true,
	  false },
	{ "ar.command.v1", &command_event_msg, &ar__command__v1__command_event__descriptor, "account it acts on", "console, CLI",
	  true, false },
	{ "ar.reference.v1", &reference_event_msg, &ar__reference__v1__reference_event__descriptor, "entity, or ~day",
	  "CLI, console", true, false },
	{ "ar.intake.v1", &intake_event_msg, &ar__intake__v1__intake_event__descriptor, "account; reference facts go to every lane",
	  "intake", false, true },
	{ "ar.billing.v1", &billing_event_msg, &ar__billing__v1__billing_event__descriptor, "account", "billing", false, false },
	{ "ar.cash.v1", &cash_event_msg, &ar__cash__v1__cash_event__descriptor, "account", "cash", false, false },
	{ "ar.transfer.v1", &cash_event_msg, &ar__cash__v1__cash_event__descriptor, "destination account", "cash", false, true },
	{ "ar.collections.v1", &collections_event_msg, &ar__collections__v1__collections_event__descriptor, "account",
	  "collections", false, false },
};
const size_t wire_topics_n = ARRAY_LEN(wire_topics);

const struct wire_topic *wire_topic_find(struct text topic)
{
	for (size_t i = 0; i < wire_topics_n; i++)
		if (text_eq(text_of(wire_topics[i].topic), topic))
			return &wire_topics[i];
	return NULL;
}

const struct wire_topic *wire_topic_of_type(struct text type)
{
	for (size_t i = 0; i < wire_topics_n; i++)
		if (wire_topics[i].external && wire_type_known(wire_topics[i].msg, type))
			return &wire_topics[i];
	return NULL;
}
