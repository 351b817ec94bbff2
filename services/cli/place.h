/*
 * place: where in a line of JSON a field stands, so that a refusal can name its column. Pure. For JSON that has been parsed
 * before: it is scanned, not checked.
 */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include "text/text.h"

/*
 * Column (characters, from 1) of the value at a path such as "data.orderBooked.order.lines[3].quantity_e6". Names match in
 * camel case and as in the .proto. Where the path ends early (a field that is missing), the column of the object it is missing
 * in.
 */
size_t place_column(struct text json, struct text path);

#endif
