/*
 * conf: settings from OPENITEM_* environment variables. Layer 2, libc only.
 *
 *	struct conf *c = conf_new("cash", environ);
 *	conf_required(c, "OPENITEM_KAFKA_BROKERS", "host:port[,host:port]", &brokers);
 *	conf_integer(c, "OPENITEM_BATCH_EVENTS_MAX", 5000, 1, 100000, &batch);
 *	conf_secret(c, "OPENITEM_REDIS_PASSWORD", "", &password);
 *	if (!conf_finish(c))
 *		for (size_t i = 0; i < conf_problems(c); i++) ...conf_problem(c, i)...; exit 78
 *
 * All problems are collected, so that an operator fixes them in one go. A getter with a problem still sets its ret_
 * to the default (required: "" or 0), so callers check once, with conf_finish. An empty variable counts as not set.
 *
 * Secrets: conf_secret takes NAME, or NAME_FILE = path of a file that holds it (one newline at the end is cut); both is
 * a problem. The file must be regular and not writable by others. That others may read it is no problem: Docker and
 * Kubernetes mount secrets 0444 and 0644.
 *
 * Strings returned live until conf_free. Asking twice for one variable is fine.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/base.h"
#include "text/text.h"

#define CONF_EXIT_CODE  78 /* EX_CONFIG of sysexits.h: what the caller exits with */
#define CONF_SECRET_MAX 4096 /* bytes of a secret file */

struct conf;

/*
 * service: "cash": its OPENITEM_CASH_* variables are its own, those of other services are left alone.
 * env: as environ; must stay unchanged until conf_free.
 */
struct conf *conf_new(const char *service, char *const *env);
void conf_free(struct conf *c);
void conf_freep(struct conf **c);

/* expected is what the report says in words: "host:port[,host:port]". */
void conf_required(struct conf *c, const char *name, const char *expected, const char **ret_value);
/* fallback may be NULL. */
void conf_optional(struct conf *c, const char *name, const char *fallback, const char *expected, const char **ret_value);
void conf_integer(struct conf *c, const char *name, int64_t fallback, int64_t min, int64_t max, int64_t *ret_value);
/* An integer without a fallback. */
void conf_required_integer(struct conf *c, const char *name, int64_t min, int64_t max, int64_t *ret_value);
/* true false yes no on off 1 0. */
void conf_flag(struct conf *c, const char *name, bool fallback, bool *ret_value);
/* One of n words; *ret_at is its index. */
void conf_choice(struct conf *c, const char *name, size_t fallback_at, const char *const *words, size_t n, size_t *ret_at);
/* fallback NULL: required. */
void conf_secret(struct conf *c, const char *name, const char *fallback, struct text *ret_value);
/*
 * "host:port", "[v6]:port"; host may be empty when empty_host (listen on all). Checks form only.
 * NULL fallback: required; any other is not checked ("": none). The value as given.
 */
void conf_address(struct conf *c, const char *name, const char *fallback, bool empty_host, const char **ret_value);

/* A variable, or with * at its end all that begin so, which is for others and not to be reported as unknown. */
void conf_allow(struct conf *c, const char *pattern);
/* A problem the caller found: "OPENITEM_LANES: ..." */
void conf_add_problem(struct conf *c, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);

/*
 * After the last getter: every OPENITEM_ variable nobody asked for is a problem (with the nearest known name), but
 * for OPENITEM_KAFKA_*, other services' own, those of deploy/ and tests/, and what conf_allow named. True: no problems.
 */
bool conf_finish(struct conf *c);
size_t conf_problems(const struct conf *c);
/* "OPENITEM_LANES: expected an integer 1..1024, got \"many\"". Values of secrets are not in it; values are escaped. */
const char *conf_problem(const struct conf *c, size_t i);

/*
 * For --print-config: NAME=value per line in the order asked, "# default" behind those not set; then the
 * OPENITEM_KAFKA_* that are set. A shell can read it. Secrets, and whatever contains "password=" or looks like
 * scheme://user:password@, are shown as ***.
 */
void conf_print(const struct conf *c, struct buf *out);

#endif
