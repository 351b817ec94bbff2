/*
 * packed: a dead letter (key, value, headers as they came, plus ours) as one run of bytes in the outcome table, so that it can be
 * published again after a crash. Layout: u8 flags (1 key null, 2 value null), then key and value, then the number of headers and
 * each name, a null flag and value; every length is a little-endian u32. Pure.
 */
#ifndef OPENITEM_RUN_PACKED_H
#define OPENITEM_RUN_PACKED_H

#include "arena/arena.h"
#include "book/record.h"

struct text packed_record(const struct record *record, struct arena *arena);
/* False when the bytes are not a packed record. Texts point into `bytes`. */
bool packed_read(struct text bytes, struct arena *arena, struct record *ret_record);

#endif
