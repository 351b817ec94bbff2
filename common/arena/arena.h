/*
 * arena: memory that is given back all at once. Layer 1; its only syscalls are
 * mmap, madvise and munmap.
 *
 * One arena lives as long as a batch: decode, load, decide and the rows to save all
 * allocate here, and arena_reset() ends the batch. There is no free for a single
 * block. Not for use from two threads.
 *
 * Two limits, in bytes:
 *	soft cap  what arena_over() reports, so that the loop cuts the batch here
 *	hard cap  address space reserved once and never grown. An allocation beyond it
 *	          aborts with a message: every input is bounded, so this is a bug of ours
 *	          or a limit that was set wrong. That is why arena_alloc never returns NULL.
 *
 * Everything handed out is zeroed and aligned to 16 bytes. In AddressSanitizer builds
 * each block is followed by a poisoned gap, and rewound or reset memory is poisoned.
 */
#ifndef ARENA_ARENA_H
#define ARENA_ARENA_H

#include "base/base.h"

#define ARENA_ALIGN 16u

struct arena;

/*
 * Reserve hard_cap bytes of address space (no memory is used before it is touched).
 * soft_cap <= hard_cap, both > 0. Aborts when the kernel refuses the reservation:
 * arenas are made at start-up.
 */
struct arena *arena_new(size_t soft_cap, size_t hard_cap) MUST_USE __attribute__((returns_nonnull));

/* Give everything back. NULL is fine. */
void arena_free(struct arena *a);

/* For _cleanup_(arena_freep). */
void arena_freep(struct arena **a);

/* size may be 0: a valid address that must not be dereferenced. */
void *arena_alloc(struct arena *a, size_t size) MUST_USE
	__attribute__((returns_nonnull, malloc, alloc_size(2), assume_aligned(16)));

/* n elements of size bytes; a product that overflows aborts. */
void *arena_array(struct arena *a, size_t n, size_t size) MUST_USE
	__attribute__((returns_nonnull, malloc, alloc_size(2, 3), assume_aligned(16)));

/* A copy of n bytes. ptr may be NULL when n is 0. */
void *arena_dup(struct arena *a, const void *ptr, size_t n) MUST_USE
	__attribute__((returns_nonnull, malloc, alloc_size(3), assume_aligned(16)));

/* Bytes handed out since the last reset, with alignment (and gaps under ASan). */
size_t arena_used(const struct arena *a);

/* More than the soft cap is used. */
bool arena_over(const struct arena *a);

/* Remember a place and go back to it: what was allocated in between is gone. */
size_t arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, size_t mark);

/*
 * Everything is gone. Pages above the soft cap go back to the kernel, and so do, every ARENA_WINDOW resets, those
 * that were not needed since the window before: one large batch does not keep its memory for ever.
 */
#define ARENA_WINDOW 256
void arena_reset(struct arena *a);

/* One zeroed object, or n of them. */
#define ARENA_NEW(a, type)      ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, n, type) ((type *)arena_array((a), (n), sizeof(type)))

#endif
