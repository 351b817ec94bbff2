/* batch_size: see batch_size.h. */
#include "run/batch_size.h"

int64_t batch_size_next(int64_t size, int64_t taken, bool full, size_t used, size_t room, int64_t max)
{
	if (full)
		return MAX(taken / 2, 1);
	if (taken < size || used > room / 2)
		return size;
	return MIN(size * 2, max);
}
