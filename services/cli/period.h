/* period: what people call an accounting period. Pure. */
#ifndef CLI_PERIOD_H
#define CLI_PERIOD_H

#include "date/date.h"
#include "err/err.h"
#include "text/text.h"

/* "2026-01" or "2026-01-01..2026-01-31", both days included. False: REJECT usage. */
bool period_parse(struct text what, struct err *err, date_t *ret_from, date_t *ret_to);

#endif
