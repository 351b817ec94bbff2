#include "park.h"

struct text bil_park_reason_name(enum park_reason reason)
{
	static const struct text names[PARK_N] = {
		[PARK_CUSTOMER_UNKNOWN] = TEXT("customer_unknown"), [PARK_ENTITY_UNKNOWN] = TEXT("entity_unknown"),
		[PARK_TERMS_UNKNOWN] = TEXT("terms_unknown"),       [PARK_DAY_UNKNOWN] = TEXT("day_unknown"),
		[PARK_ORDER_UNKNOWN] = TEXT("order_unknown"),       [PARK_ORDER_VERSION_GAP] = TEXT("order_version_gap"),
		[PARK_BEHIND_PARKED] = TEXT("behind_parked"),
	};

	CHECK(reason > PARK_NOTHING && reason < PARK_N);
	return names[reason];
}

struct text bil_park_wait_key(struct arena *arena, enum park_reason reason, struct text name)
{
	switch (reason) {
	case PARK_CUSTOMER_UNKNOWN:
		return text_printf(arena, "customer " TEXT_FMT, TEXT_ARG(name));
	case PARK_ENTITY_UNKNOWN:
		return text_printf(arena, "entity " TEXT_FMT, TEXT_ARG(name));
	case PARK_TERMS_UNKNOWN:
		return text_printf(arena, "terms " TEXT_FMT, TEXT_ARG(name));
	case PARK_DAY_UNKNOWN:
		return TEXT("day");
	case PARK_NOTHING:
	case PARK_ORDER_UNKNOWN:
	case PARK_ORDER_VERSION_GAP:
	case PARK_BEHIND_PARKED:
	case PARK_N:
		break;
	}
	return TEXT_NONE;
}

struct text bil_park_order(struct arena *arena, struct text order_id)
{
	return text_printf(arena, "order " TEXT_FMT, TEXT_ARG(order_id));
}

struct text bil_park_take_on(struct arena *arena, struct text external_number)
{
	return text_printf(arena, "take-on " TEXT_FMT, TEXT_ARG(external_number));
}
