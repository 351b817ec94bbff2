/* story: what happened, one line each, for whoever replays a seed. */
#include "world.h"

void story(struct world *w, const char *fmt, ...)
{
	va_list values;

	if (!w->tell)
		return;
	int64_t us = w->now_us - WORLD_BEGINS_US;
	printf("%5lld.%03lld  ", (long long)(us / 1000000), (long long)(us / 1000 % 1000));
	va_start(values, fmt);
	vprintf(fmt, values);
	va_end(values);
	printf("\n");
}
