/*
 * err: what went wrong, and how the caller is to react. Layer 1, pure.
 *
 * The convention of the whole product: a function that can fail returns bool,
 * true = ok; `struct err *err` comes second last, before the ret_ parameters:
 *
 *	bool thing_load(struct thing *t, struct text key, struct err *err, int64_t *ret_minor);
 *
 *	if (!thing_find(t, key, err, &row))
 *		return err_wrap(err, "account %s", id);
 *	if (row == NULL)
 *		return err_set(err, ERR_STOP, "thing_missing", "no row for %s", id);
 *
 * On failure err is filled and the ret_ parameters are untouched; on success err is
 * untouched. err may be NULL when only the bool is of interest. Plain arithmetic and
 * parsers that can fail in one way only return bool without err.
 *
 * Library code never logs: whoever can react prints class, code and msg, once.
 */
#ifndef ERR_ERR_H
#define ERR_ERR_H

#include "base/base.h"

#define ERR_CODE_MAX 47 /* characters of a code, longer ones are cut */
#define ERR_MSG_MAX  399 /* bytes of a message, longer ones are cut between characters */

/* Classes are reactions (DESIGN section 3), not places. */
enum err_class {
	ERR_NONE = 0, /* nothing happened; what a zeroed struct err says */
	ERR_RETRY, /* the same batch again, backoff with jitter, bounded */
	ERR_REJECT, /* this input only; to the dead letters (intake) or a refusal */
	ERR_FENCED, /* the lane is not ours any more: drop its records */
	ERR_STOP, /* stop this lane, raise an alert */
	ERR_FATAL, /* end the process with a named code */
};

struct err {
	enum err_class class;
	char code[ERR_CODE_MAX + 1]; /* stable, lower_case_with_underscores: for machines and runbooks */
	char msg[ERR_MSG_MAX + 1]; /* for people */
};

/* Fill err, replacing what it held. Always returns false. */
bool err_set(struct err *err, enum err_class class, const char *code, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Put "context: " before the message; class and code stay. Always returns false. */
bool err_wrap(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Back to ERR_NONE with empty texts. */
void err_clear(struct err *err);

/* "none", "retry", "reject", "fenced", "stop", "fatal"; "unknown" for anything else. */
const char *err_class_name(enum err_class class);

#endif
