/*
 * text: strings with a length, and a builder for bytes. Layer 1, pure.
 *
 * struct text points at bytes that somebody else owns (a message, an arena, a literal)
 * and lives no longer than they do. It is NOT NUL-terminated, unless it came from
 * text_dup, text_cstr, text_printf, buf_text or TEXT(); those always have a NUL behind
 * the last byte that n does not count. An absent text and an empty one are the same
 * (n == 0; s may be NULL). Comparison is by bytes, never by locale.
 *
 * Functions that take an arena allocate their result there; the others do not allocate.
 */
#ifndef TEXT_TEXT_H
#define TEXT_TEXT_H

#include "arena/arena.h"
#include "base/base.h"

struct text {
	const char *s;
	size_t n; /* bytes */
};

/* From a string literal; also a constant initialiser, alone or inside a table. */
#define TEXT(literal) ((struct text){ "" literal, sizeof(literal) - 1 })
#define TEXT_NONE     ((struct text){ NULL, 0 })

/* printf("account " TEXT_FMT "\n", TEXT_ARG(account)): up to INT_MAX bytes. */
#define TEXT_FMT    "%.*s"
#define TEXT_ARG(t) (int)MIN((t).n, (size_t)INT_MAX), (t).s == NULL ? "" : (t).s

/* The bytes of a C string without its NUL; NULL gives TEXT_NONE. */
struct text text_of(const char *cstr);

/* ---- comparing and searching ---- */

bool text_empty(struct text t);
bool text_eq(struct text a, struct text b);
/* memcmp order; where one is the beginning of the other, the shorter first. < 0, 0, > 0. */
int text_cmp(struct text a, struct text b);
/* Equal when ASCII letters are taken without case; other bytes must be the same. */
bool text_ieq(struct text a, struct text b);
bool text_starts(struct text t, struct text prefix);

#define TEXT_NOT_FOUND SIZE_MAX
/* Where needle begins first, or TEXT_NOT_FOUND. An empty needle is found at 0. */
size_t text_find(struct text haystack, struct text needle);

/* Without space, tab, CR, LF, VT, FF at both ends. */
struct text text_trim(struct text t);

/*
 * For hash tables in memory; not stable between versions, never stored or sent.
 * Eight bytes at a time, murmur3's multipliers. Another seed gives another order: use one that
 * strangers cannot guess where they choose the keys.
 */
uint64_t text_hash(struct text t, uint64_t seed);

/* ---- what may be stored ---- */

#define TEXT_NO_NUL 1u /* flag for text_is_utf8: U+0000 is refused too (PostgreSQL text) */

/* Strict UTF-8 (RFC 3629): no surrogates, no overlong forms, nothing above U+10FFFF. */
bool text_is_utf8(struct text t, unsigned flags);

/* Any of U+0000-001F (tab and line ends included), U+007F, U+0080-009F in UTF-8. */
bool text_has_control(struct text t);

/* ---- copies ---- */

/* A copy with a NUL behind it. */
struct text text_dup(struct arena *a, struct text t);
/* The same as a C string: cut at the first NUL the text contains, if any. */
const char *text_cstr(struct arena *a, struct text t);
struct text text_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same for what is needed often, where printf costs more than the rest: n pieces one behind the other, and a number in decimal. */
struct text text_concat(struct arena *a, size_t n, const struct text *pieces);
struct text text_i64(struct arena *a, int64_t value);

/* ---- numbers ---- */

/*
 * The whole text is one decimal integer: digits, for i64 also one leading '-'. No
 * blanks, no '+', no separators; leading zeros are fine. False, and *ret untouched,
 * for anything else and for overflow.
 */
bool text_parse_i64(struct text t, int64_t *ret_value) MUST_USE;
bool text_parse_u64(struct text t, uint64_t *ret_value) MUST_USE;

/* ---- identification (LEDGER section 4) ---- */

/*
 * For "exact normalised name": ASCII letters in upper case, everything that is ASCII
 * but not a letter or digit becomes a blank, blanks collapse, none at the ends. Bytes of
 * other characters stay as they are. "Müller & Co., Ltd." -> "MüLLER CO LTD".
 */
struct text text_normal_name(struct arena *a, struct text t);

/* For references: upper case, and only A-Z 0-9 stay. "inv-2026/001" -> "INV2026001". */
struct text text_normal_ref(struct arena *a, struct text t);

/* ---- for people and machines to read ---- */

/*
 * Safe on a terminal: control characters (ESC, line ends, C1), bidirectional controls
 * (U+061C, 200E, 200F, 202A-202E, 2066-2069), line separators (U+2028, 2029), U+FEFF
 * and bytes that are not UTF-8 become \xNN, byte by byte. A backslash stays as it is,
 * so the result cannot be read back.
 */
struct text text_printable(struct arena *a, struct text t);

/*
 * struct buf: bytes that grow, with a NUL always behind them once something was added.
 * In an arena (growing leaves the old block behind: at most as much again is lost):
 *	struct buf b = { .arena = arena };
 * or from malloc, then freed by the owner (tools and start-up only):
 *	_cleanup_(buf_free) struct buf b = { 0 };
 * Running out of memory aborts.
 */
struct buf {
	char *s; /* NULL until the first byte */
	size_t n; /* bytes in use */
	size_t cap; /* bytes allocated */
	struct arena *arena; /* NULL: malloc */
};

void buf_add(struct buf *b, struct text t);
void buf_addc(struct buf *b, char c);
void buf_adds(struct buf *b, const char *cstr);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list values) PRINTF_LIKE(2, 0);

/*
 * Add t as a JSON string with its quotes (RFC 8259); bytes that are not UTF-8 become \ufffd. What text_printable replaces is written as
 * \uNNNN: the same string for whoever parses it, and safe on the terminal of whoever does not.
 */
void buf_json_string(struct buf *b, struct text t);
/* Add JSON as it stands, what a terminal could act on within its strings as \uNNNN: the same for whoever parses it. */
void buf_json_safe(struct buf *b, struct text json);

/* What was built so far; valid until the buf changes. */
struct text buf_text(const struct buf *b);

/* Empty again, memory kept. */
void buf_clear(struct buf *b);

/* Gives malloc'ed memory back; forgets arena memory. b is empty and usable afterwards. */
void buf_free(struct buf *b);

#endif
