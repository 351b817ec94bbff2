/* histogram: see histogram.h. */
#include "cli/histogram.h"

static struct histogram_bar *bar_of(struct histogram *h, struct text kind)
{
	for (size_t i = 0; i < h->n; i++)
		if (text_eq(h->bars[i].kind, kind))
			return &h->bars[i];
	if (h->n == HISTOGRAM_MAX)
		kind = TEXT(HISTOGRAM_OTHER);
	if (h->n > HISTOGRAM_MAX)
		return &h->bars[HISTOGRAM_MAX];
	h->bars[h->n] = (struct histogram_bar){ .kind = text_dup(h->arena, kind), .first_ms = INT64_MAX, .last_ms = INT64_MIN };
	return &h->bars[h->n++];
}

void histogram_add(struct histogram *h, struct text kind, int64_t time_ms, struct text place, struct text id)
{
	struct histogram_bar *bar = bar_of(h, kind);

	if (bar->count++ == 0 || time_ms >= bar->last_ms) {
		snprintf(bar->place, sizeof(bar->place), TEXT_FMT, TEXT_ARG(place));
		snprintf(bar->id, sizeof(bar->id), TEXT_FMT, TEXT_ARG(id));
	}
	if (time_ms >= 0) {
		bar->first_ms = MIN(bar->first_ms, time_ms);
		bar->last_ms = MAX(bar->last_ms, time_ms);
	}
}

static int by_kind(const void *a, const void *b)
{
	const struct histogram_bar *x = a, *y = b;

	return text_cmp(x->kind, y->kind);
}

static int by_count(const void *a, const void *b)
{
	const struct histogram_bar *x = a, *y = b;

	return x->count != y->count ? (x->count > y->count ? -1 : 1) : by_kind(a, b);
}

void histogram_sort(struct histogram *h, bool kinds)
{
	qsort(h->bars, h->n, sizeof(h->bars[0]), kinds ? by_kind : by_count);
}
