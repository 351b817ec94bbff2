/*
 * base: what every file of Openitem may assume. Layer 0, pure.
 *
 * Fixed-width types, CHECK, a few macros, and the banned functions. Include it
 * first; everything in common/ does. It brings <stdio.h> only for snprintf and
 * friends: library code prints nothing.
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The compiler complains when the result is thrown away. */
#define MUST_USE __attribute__((warn_unused_result))

/* printf-like: argument number of the format, and of the first value (both from 1). */
#define PRINTF_LIKE(format_at, values_at) __attribute__((format(printf, format_at, values_at)))

/*
 * Run fn(&variable) when the variable leaves its scope:
 *	_cleanup_(arena_freep) struct arena *a = arena_new(soft, hard);
 */
#define _cleanup_(fn) __attribute__((cleanup(fn)))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Number of elements of an array; a pointer is a compile-time error. */
#define ARRAY_LEN(a)                                                                                                               \
	(sizeof(a) / sizeof((a)[0]) + 0 * sizeof(struct {                                                                          \
					      _Static_assert(!__builtin_types_compatible_p(__typeof__(a), __typeof__(&(a)[0])),    \
							     "ARRAY_LEN of a pointer");                                            \
					      int unused;                                                                          \
				      }))

/* Each argument is evaluated once; both must have the same type. */
#define MIN(a, b)                                                                                                                  \
	__extension__({                                                                                                            \
		__typeof__(a) min_a_ = (a);                                                                                        \
		__typeof__(b) min_b_ = (b);                                                                                        \
		min_a_ < min_b_ ? min_a_ : min_b_;                                                                                 \
	})
#define MAX(a, b)                                                                                                                  \
	__extension__({                                                                                                            \
		__typeof__(a) max_a_ = (a);                                                                                        \
		__typeof__(b) max_b_ = (b);                                                                                        \
		max_a_ > max_b_ ? max_a_ : max_b_;                                                                                 \
	})

/*
 * CHECK(cond): an invariant of OUR code. When it does not hold the process writes
 * file:line and the text of the condition to stderr and aborts, in every build:
 * carrying on would write wrong books. Never for input: what strangers send is
 * refused with an error.
 */
#define CHECK(cond)                                                                                                                \
	do {                                                                                                                       \
		if (unlikely(!(cond)))                                                                                             \
			base_check_failed(__FILE__, __LINE__, #cond);                                                              \
	} while (0)

/* A place that cannot be reached: a switch that is complete, a search that must find. */
#define NOT_REACHED(text) base_check_failed(__FILE__, __LINE__, "not reached: " text)

/* What CHECK calls. Also for a broken limit with words of its own. */
_Noreturn void base_check_failed(const char *file, int line, const char *text);

/*
 * Banned: unbounded copies, silent parsers, hidden state. Use text/text.h
 * (text_dup, buf_*, text_parse_i64) or snprintf.
 */
#undef sprintf /* macros in clang with _FORTIFY_SOURCE */
#undef vsprintf
#pragma GCC poison strcpy strcat sprintf vsprintf strncpy strncat strtok gets atoi atol atoll atof

#endif
