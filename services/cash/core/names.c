#include "cash/core/names.h"

#define AS_TEXT(name, literal) TEXT(literal),
#define TEXTS(enum_name, function, LIST)                                                                                           \
	struct text function(enum enum_name name)                                                                                  \
	{                                                                                                                          \
		static const struct text texts[] = { LIST(AS_TEXT) };                                                              \
		CHECK((size_t)name < ARRAY_LEN(texts));                                                                            \
		return texts[name];                                                                                                \
	}

TEXTS(cash_refused, cash_refused_text, CASH_REFUSED_LIST)
TEXTS(cash_left, cash_left_text, CASH_LEFT_LIST)
TEXTS(cash_unidentified, cash_unidentified_text, CASH_UNIDENTIFIED_LIST)
TEXTS(cash_exception, cash_exception_text, CASH_EXCEPTION_LIST)
TEXTS(cash_advice_why, cash_advice_text, CASH_ADVICE_LIST)
TEXTS(cash_taken, cash_taken_text, CASH_TAKEN_LIST)
TEXTS(cash_excluded, cash_excluded_text, CASH_EXCLUDED_LIST)
TEXTS(cash_undone, cash_undone_text, CASH_UNDONE_LIST)
TEXTS(cash_rule, cash_rule_text, CASH_RULE_LIST)
TEXTS(cash_entry, cash_entry_text, CASH_ENTRY_LIST)

#define AS_REFUSED(name, literal)      "refused.reason=" literal,
#define AS_LEFT(name, literal)         "left_unapplied.reason=" literal,
#define AS_UNIDENTIFIED(name, literal) "left_unidentified.reason=" literal,
#define AS_EXCEPTION(name, literal)    "return_posted.exception=" literal,
#define AS_ADVICE(name, literal)       "advice_recorded.reason=" literal,
#define AS_TAKEN(name, literal)        "advice_taken.result=" literal,
#define AS_EXCLUDED(name, literal)     "line_excluded.reason=" literal,
#define AS_UNDONE(name, literal)       "unapplied.reason=" literal,

const char *const cash_covers[] = {
	"line_posted",
	"line_excluded",
	"transfer_sent",
	"transfer_accepted",
	"transfer_refused",
	"applied",
	"unapplied",
	"left_unapplied",
	"left_unidentified",
	"return_posted",
	"return_passed_on",
	"return_settled",
	"statement_checked",
	"advice_recorded",
	"advice_passed_on",
	"advice_taken",
	"placed_on_account",
	"taken_off_account",
	"applied.explanation.rule_id=closes_credit",
	"transfer_sent.explanation.rule_id=advice",
	"refused",
	"transfer_refused.reason=account_unknown",
	"transfer_sent.explanation.rule_id=payer_bank_account",
	"transfer_sent.explanation.rule_id=document_reference",
	"transfer_sent.explanation.rule_id=payer_reference",
	"transfer_sent.explanation.rule_id=payer_name",
	"transfer_sent.explanation.rule_id=by_command",
	"transfer_sent.explanation.rule_id=send_back",
	"applied.explanation.rule_id=credit_memo",
	"applied.explanation.rule_id=reference",
	"applied.explanation.rule_id=exact_amount",
	"applied.explanation.rule_id=all_due",
	"applied.explanation.rule_id=oldest_first",
	"applied.explanation.rule_id=by_command",
	"return_posted.place=holding",
	"return_posted.place=passed_on",
	"return_posted.place=suspense",
	CASH_REFUSED_LIST(AS_REFUSED) CASH_LEFT_LIST(AS_LEFT) CASH_UNIDENTIFIED_LIST(AS_UNIDENTIFIED)
		CASH_EXCEPTION_LIST(AS_EXCEPTION) CASH_ADVICE_LIST(AS_ADVICE) CASH_TAKEN_LIST(AS_TAKEN)
			CASH_EXCLUDED_LIST(AS_EXCLUDED) CASH_UNDONE_LIST(AS_UNDONE) NULL,
};
