/*
 * fuzz: what the targets share. A target takes any bytes and must come back: no crash, no leak, no finding of ASan or UBSan, and
 * whatever it promises beyond that it states with MUST. Two programs hold all targets: `fuzz` (clang, libFuzzer; the target's name is
 * in OPENITEM_FUZZ_TARGET) and `fuzz_replay` (any compiler; replays files).
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "arena/arena.h"
#include "book/record.h"
#include "text/text.h"
#include "wire/wire.h"

struct fuzz_target {
	const char *name; /* also of its directories under corpus/ and regressions/ */
	void (*one)(struct text bytes, struct arena *arena);
	size_t max_len; /* of an input that is tried, in bytes */
};

extern const struct fuzz_target fuzz_targets[];
extern const size_t fuzz_targets_n;

/* NULL: no such target. */
const struct fuzz_target *fuzz_find(const char *name);

/* One input in an arena that is empty before. The bytes are copied to a block of their own, so that ASan sees what reads beyond. */
void fuzz_one(const struct fuzz_target *target, const void *bytes, size_t n);

/* A broken promise: said on stderr, then abort. */
#define MUST(cond, ...)                                                                                                            \
	do {                                                                                                                       \
		if (!(cond))                                                                                                       \
			fuzz_broken(__FILE__, __LINE__, #cond, __VA_ARGS__);                                                       \
	} while (0)
void fuzz_broken(const char *file, int line, const char *cond, const char *fmt, ...) __attribute__((noreturn)) PRINTF_LIKE(4, 5);

/* The bytes in a block of their own, without a NUL behind. */
struct text fuzz_own(struct arena *arena, struct text bytes);

/* The first byte as a choice of 0..n-1; the rest in *rest. Nothing left: 0. */
size_t fuzz_choice(struct text *rest, size_t n);

/*
 * A record as a readable input: the key on the first line ("-": none), then one line per header, name=value, or only the name for a
 * null value, then an empty line and the value to the end. `ce_type=*` stands for the type of the event in a protobuf value. No empty
 * line: all is value, without key and headers.
 */
void fuzz_record(struct text bytes, const struct wire_msg *msg, struct arena *arena, struct record *ret);

/* What every event that travels inside has to survive: check, encode, decode strictly, copy, JSON and back. */
void fuzz_event_travels(const struct wire_msg *m, const void *ev, struct arena *arena);

#endif
