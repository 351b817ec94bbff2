/*
 * log: one line per event on stderr. Layer 2. For main, the loop and tools; libraries do not log.
 *
 *	log_line(LOG_WARN, "lane stopped", LOG_S("topic", topic), LOG_I("partition", p), LOG_ERR(err));
 *
 *	{"ts":"2026-03-31T08:00:00.123456Z","level":"warn","msg":"lane stopped","service":"cash","instance":"0","topic":...}
 *	2026-03-31T08:00:00.123456Z warn "lane stopped" service=cash instance=0 topic=... partition=3 ...
 *
 * JSON unless stderr is a terminal. One write(2) per line, so lines of several processes do not mix. Values are
 * escaped: control characters, ESC, line ends, C1, bidirectional controls and broken UTF-8 never get out raw.
 * The msg is a literal without values in it, values are fields: that is what makes it searchable.
 * Never account numbers, names, passwords or payloads.
 *
 * Field names (ECOSYSTEM 2.2): topic partition offset key event_id event_type duration_ms error_code trace_id span_id;
 * error and error_class come with LOG_ERR.
 *
 * Repeats: a place in the code may say LOG_BURST lines in LOG_WINDOW_S seconds; what is beyond is counted and told by
 * the next line of that place that is let through (suppressed=n). Thread-safe; never allocates; errno is kept.
 */
#ifndef LOG_LOG_H
#define LOG_LOG_H

#include "base/base.h"
#include "err/err.h"
#include "text/text.h"

#include <stdatomic.h>

#define LOG_LINE_MAX  8192 /* bytes; a longer line loses fields at its end and says truncated=true */
#define LOG_VALUE_MAX 2048 /* bytes of one value as written; cut values end in ... */
#define LOG_BURST     20
#define LOG_WINDOW_S  10

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_AUTO, LOG_JSON, LOG_LOGFMT };

struct log_conf {
	const char *service; /* copied; NULL: left out */
	const char *instance; /* copied; NULL: left out */
	enum log_level level; /* the lowest that is written */
	enum log_format format; /* OPENITEM_LOG_FORMAT */
	int fd; /* 0: stderr */
};

/* Once, before threads exist. Without it: level info, LOG_AUTO, stderr, no service. */
void log_open(const struct log_conf *conf);
/* At any time, from any thread (SIGHUP). */
void log_set_level(enum log_level level);

/* "debug" "info" "warn" "error"; "auto" "json" "logfmt": for settings. */
bool log_level_of(struct text t, enum log_level *ret_level);
bool log_format_of(struct text t, enum log_format *ret_format);
const char *log_level_name(enum log_level level);

enum log_kind { LOG_KIND_TEXT, LOG_KIND_I64, LOG_KIND_U64, LOG_KIND_F64, LOG_KIND_BOOL, LOG_KIND_ERR };

struct log_field {
	const char *name;
	enum log_kind kind;
	union {
		struct text text;
		int64_t i64;
		uint64_t u64;
		double f64;
		bool b;
		const struct err *err;
	} v;
};

/* C string (NULL: ""), struct text, integers, double, bool; the three error fields at once. */
#define LOG_S(name_, v_) ((struct log_field){ .name = (name_), .kind = LOG_KIND_TEXT, .v.text = text_of(v_) })
#define LOG_T(name_, v_) ((struct log_field){ .name = (name_), .kind = LOG_KIND_TEXT, .v.text = (v_) })
#define LOG_I(name_, v_) ((struct log_field){ .name = (name_), .kind = LOG_KIND_I64, .v.i64 = (v_) })
#define LOG_U(name_, v_) ((struct log_field){ .name = (name_), .kind = LOG_KIND_U64, .v.u64 = (v_) })
#define LOG_F(name_, v_) ((struct log_field){ .name = (name_), .kind = LOG_KIND_F64, .v.f64 = (v_) })
#define LOG_B(name_, v_) ((struct log_field){ .name = (name_), .kind = LOG_KIND_BOOL, .v.b = (v_) })
#define LOG_ERR(e_)      ((struct log_field){ .name = "error", .kind = LOG_KIND_ERR, .v.err = (e_) })

/* One place in the code: how much it has said. */
struct log_site {
	atomic_int_least64_t window_at_s;
	atomic_uint_least32_t said, held;
};

bool log_enabled(enum log_level level);

/* What log_line calls. site NULL: never held back. */
void log_write(struct log_site *site, enum log_level level, const char *msg, size_t n, const struct log_field *fields);

/* Fields are evaluated only when the level is on. */
#define log_line(level_, msg_, ...)                                                                                                \
	do {                                                                                                                       \
		static struct log_site log_site_;                                                                                  \
		if (log_enabled(level_)) {                                                                                         \
			const struct log_field log_fields_[] = { { 0 } __VA_OPT__(, ) __VA_ARGS__ };                               \
			log_write(&log_site_, (level_), "" msg_, ARRAY_LEN(log_fields_) - 1, log_fields_ + 1);                     \
		}                                                                                                                  \
	} while (0)

#endif
