/*
 * batch_size: how many records a batch takes. Layer 3, pure.
 *
 * What is pending may need more room than a batch has, once its rows are loaded: an account with thousands of open items takes a hundred times
 * the room of a new one. A batch that finds its arena full behind its load decides its first record only; if the next took as many again, each
 * record would cost a whole load. So the number grows from batch to batch while half of the room was enough, and is halved when it was not.
 */
#ifndef RUN_BATCH_SIZE_H
#define RUN_BATCH_SIZE_H

#include "base/base.h"

#define BATCH_SIZE_FIRST 256 /* records: unknown accounts of any size, after a start */

/*
 * Records the next batch takes at most, 1 to max. size: what the last one was allowed, `taken` of which it took; full: the arena was, and
 * records were left undecided; used of room: bytes of the arena at its end.
 */
int64_t batch_size_next(int64_t size, int64_t taken, bool full, size_t used, size_t room, int64_t max);

#endif
