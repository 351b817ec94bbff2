#include "arena/arena.h"

#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define ARENA_GAP      ARENA_ALIGN
#define poison(p, n)   ASAN_POISON_MEMORY_REGION(p, n)
#define unpoison(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define ARENA_GAP      0u
#define poison(p, n)   ((void)(p), (void)(n))
#define unpoison(p, n) ((void)(p), (void)(n))
#endif

/* Lives at the beginning of its own mapping; blocks follow at `base`. */
struct arena {
	unsigned char *base;
	size_t used; /* bytes from base */
	size_t dirty; /* bytes from base that may be non-zero: fresh pages need no memset */
	size_t soft_cap;
	size_t hard_cap; /* a block may end here; used and dirty may lie up to 31 bytes behind */
	size_t mapped; /* bytes from the struct itself */
	size_t high, high_before; /* most that was used since this window of resets began, and in the one before */
	unsigned resets; /* of this window */
};

#define KEEP_SLACK ((size_t)1 << 20) /* less than this is not worth a call */

#define PAGE_BYTES   4096u /* the mapping is a multiple of it; larger pages: madvise may give back less */
#define HEADER_BYTES PAGE_BYTES /* so that base begins a page */

static size_t round_up(size_t n, size_t to)
{
	CHECK(n <= SIZE_MAX - (to - 1));
	return (n + to - 1) / to * to;
}

_Noreturn static void no_room(const struct arena *a, size_t size)
{
	char text[160];

	snprintf(text, sizeof(text),
		 "arena full: %zu bytes asked, %zu used, hard cap %zu (an unbounded input or a cap set too low)", size, a->used,
		 a->hard_cap);
	base_check_failed(__FILE__, __LINE__, text);
}

struct arena *arena_new(size_t soft_cap, size_t hard_cap)
{
	CHECK(soft_cap > 0 && soft_cap <= hard_cap && hard_cap < SIZE_MAX / 2);

	/* the last block may end at the cap, its alignment and gap beyond it */
	size_t mapped = HEADER_BYTES + round_up(hard_cap + ARENA_ALIGN + ARENA_GAP, PAGE_BYTES);
	void *p = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(p != MAP_FAILED);

	struct arena *a = p;

	*a = (struct arena){
		.base = (unsigned char *)p + HEADER_BYTES,
		.soft_cap = soft_cap,
		.hard_cap = hard_cap,
		.mapped = mapped,
	};
	return a;
}

void arena_free(struct arena *a)
{
	if (a == NULL)
		return;

	size_t mapped = a->mapped;

	unpoison(a->base, a->dirty);
	CHECK(munmap(a, mapped) == 0);
}

void arena_freep(struct arena **a)
{
	arena_free(*a);
	*a = NULL;
}

static inline void *take(struct arena *a, size_t size, bool zeroed)
{
	if (unlikely(size > a->hard_cap || a->used > a->hard_cap - size))
		no_room(a, size);

	size_t step = round_up(size, ARENA_ALIGN) + ARENA_GAP;
	unsigned char *p = a->base + a->used;

	if (a->used < a->dirty) {
		unpoison(p, MIN(step, a->dirty - a->used));
		if (zeroed)
			memset(p, 0, MIN(size, a->dirty - a->used));
	}
	a->used += step;
	a->dirty = MAX(a->dirty, a->used);
	poison(p + size, step - size);
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	return take(a, size, true);
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (unlikely(__builtin_mul_overflow(n, size, &bytes)))
		no_room(a, SIZE_MAX);
	return take(a, bytes, true);
}

void *arena_dup(struct arena *a, const void *ptr, size_t n)
{
	void *p = take(a, n, false);

	if (n > 0)
		memcpy(p, ptr, n);
	return p;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}

bool arena_over(const struct arena *a)
{
	return a->used > a->soft_cap;
}

size_t arena_mark(const struct arena *a)
{
	return a->used;
}

void arena_rewind(struct arena *a, size_t mark)
{
	CHECK(mark <= a->used);
	a->high = MAX(a->high, a->used);
	poison(a->base + mark, a->used - mark);
	a->used = mark;
}

/* What neither this window nor the one before needed. */
static size_t keep_of_window(struct arena *a)
{
	size_t keep = MAX(a->high, a->high_before);

	if (++a->resets < ARENA_WINDOW)
		return a->soft_cap;
	a->resets = 0;
	a->high_before = a->high;
	a->high = 0;
	return MIN(keep + KEEP_SLACK, a->soft_cap);
}

void arena_reset(struct arena *a)
{
	arena_rewind(a, 0);
	size_t keep = round_up(keep_of_window(a), PAGE_BYTES);
	if (a->dirty <= keep)
		return;

	/* Pages given back read as zero again, so they are not dirty any more. */
	unpoison(a->base + keep, a->dirty - keep);
	if (madvise(a->base + keep, round_up(a->dirty - keep, PAGE_BYTES), MADV_DONTNEED) == 0)
		a->dirty = keep;
}
