#include "log/log.h"

#include "date/date.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#define NAME_MAX_BYTES 64

static struct {
	char service[NAME_MAX_BYTES];
	char instance[NAME_MAX_BYTES];
	int fd;
	atomic_int format; /* LOG_AUTO only before the first line */
	atomic_int level;
} state = { .fd = STDERR_FILENO, .format = LOG_AUTO, .level = LOG_INFO };

static const char *const level_names[] = { "debug", "info", "warn", "error" };
static const char *const format_names[] = { "auto", "json", "logfmt" };

static enum log_format format_for(int fd, enum log_format wanted)
{
	if (wanted != LOG_AUTO)
		return wanted;
	return isatty(fd) ? LOG_LOGFMT : LOG_JSON;
}

void log_open(const struct log_conf *conf)
{
	snprintf(state.service, sizeof(state.service), "%s", conf->service == NULL ? "" : conf->service);
	snprintf(state.instance, sizeof(state.instance), "%s", conf->instance == NULL ? "" : conf->instance);
	state.fd = conf->fd == 0 ? STDERR_FILENO : conf->fd;
	atomic_store(&state.format, (int)format_for(state.fd, conf->format));
	log_set_level(conf->level);
}

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&state.level, (int)level, memory_order_relaxed);
}

bool log_enabled(enum log_level level)
{
	return (int)level >= atomic_load_explicit(&state.level, memory_order_relaxed);
}

const char *log_level_name(enum log_level level)
{
	return (size_t)level < ARRAY_LEN(level_names) ? level_names[level] : "unknown";
}

bool log_level_of(struct text t, enum log_level *ret_level)
{
	for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
		if (text_eq(t, text_of(level_names[i]))) {
			*ret_level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

bool log_format_of(struct text t, enum log_format *ret_format)
{
	for (size_t i = 0; i < ARRAY_LEN(format_names); i++) {
		if (text_eq(t, text_of(format_names[i]))) {
			*ret_format = (enum log_format)i;
			return true;
		}
	}
	return false;
}

/* ---- a line, in a buffer of fixed size ---- */

/* What must still fit behind the last field: ,"truncated":true} and the line end. */
#define LINE_TAIL 32

struct line {
	char b[LOG_LINE_MAX];
	size_t n;
	bool json;
	bool full;
};

static void put(struct line *l, const char *s, size_t n)
{
	if (l->full || n > LOG_LINE_MAX - LINE_TAIL - l->n) {
		l->full = true;
		return;
	}
	memcpy(l->b + l->n, s, n);
	l->n += n;
}

static void puts_line(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

/* Bytes of the valid UTF-8 character at s, 0 when there is none. */
static size_t character(const char *s, size_t n)
{
	unsigned char lead = (unsigned char)s[0];
	size_t size = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

	if (size > n || !text_is_utf8((struct text){ s, size }, 0))
		return 0;
	return size;
}

static uint32_t code_point(const char *s, size_t size)
{
	const unsigned char *u = (const unsigned char *)s;

	switch (size) {
	case 1:
		return u[0];
	case 2:
		return (uint32_t)(u[0] & 0x1f) << 6 | (uint32_t)(u[1] & 0x3f);
	case 3:
		return (uint32_t)(u[0] & 0x0f) << 12 | (uint32_t)(u[1] & 0x3f) << 6 | (uint32_t)(u[2] & 0x3f);
	default:
		return 0x10000; /* none of those is dangerous */
	}
}

/* What may change how a terminal shows the rest; the same list as text_printable. */
static bool is_dangerous(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* Inside quotes; the same escapes in JSON and logfmt. */
static void put_escaped(struct line *l, struct text t)
{
	size_t start = l->n;

	for (size_t at = 0; at < t.n;) {
		size_t size = character(t.s + at, t.n - at);
		char escape[8];

		if (l->n - start >= LOG_VALUE_MAX - 8) {
			puts_line(l, "...");
			return;
		}
		if (size == 0) {
			puts_line(l, "\\ufffd");
			at++;
			continue;
		}

		uint32_t c = code_point(t.s + at, size);

		if (c == '"' || c == '\\') {
			escape[0] = '\\';
			escape[1] = (char)c;
			put(l, escape, 2);
		} else if (c == '\n') {
			puts_line(l, "\\n");
		} else if (c == '\t') {
			puts_line(l, "\\t");
		} else if (is_dangerous(c)) {
			snprintf(escape, sizeof(escape), "\\u%04x", c & 0xffffu);
			puts_line(l, escape);
		} else {
			put(l, t.s + at, size);
		}
		at += size;
	}
}

/* logfmt leaves simple words without quotes. */
static bool is_word(struct text t)
{
	if (t.n == 0)
		return false;
	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.s[i];

		if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
			return false;
	}
	return true;
}

static void put_text(struct line *l, struct text t)
{
	if (!l->json && is_word(t) && t.n < LOG_VALUE_MAX) {
		put(l, t.s, t.n);
		return;
	}
	put(l, "\"", 1);
	put_escaped(l, t);
	put(l, "\"", 1);
}

/* Names are ours: literals without anything to escape. */
static void put_name(struct line *l, const char *name)
{
	if (!l->json) {
		put(l, " ", 1);
		puts_line(l, name);
		put(l, "=", 1);
		return;
	}
	puts_line(l, ",\"");
	puts_line(l, name);
	puts_line(l, "\":");
}

static void put_named_text(struct line *l, const char *name, struct text t)
{
	put_name(l, name);
	put_text(l, t);
}

static void put_f64(struct line *l, double value)
{
	char number[32];

	if (!isfinite(value)) { /* JSON has no word for it */
		put_text(l, isnan(value) ? TEXT("NaN") : value > 0 ? TEXT("+Inf") : TEXT("-Inf"));
		return;
	}
	snprintf(number, sizeof(number), "%.9g", value);
	puts_line(l, number);
}

static void put_field(struct line *l, const struct log_field *f)
{
	char number[24];

	switch (f->kind) {
	case LOG_KIND_TEXT:
		put_named_text(l, f->name, f->v.text);
		return;
	case LOG_KIND_I64:
		snprintf(number, sizeof(number), "%lld", (long long)f->v.i64);
		break;
	case LOG_KIND_U64:
		snprintf(number, sizeof(number), "%llu", (unsigned long long)f->v.u64);
		break;
	case LOG_KIND_BOOL:
		snprintf(number, sizeof(number), "%s", f->v.b ? "true" : "false");
		break;
	case LOG_KIND_F64:
		put_name(l, f->name);
		put_f64(l, f->v.f64);
		return;
	case LOG_KIND_ERR:
		if (f->v.err == NULL)
			return;
		put_named_text(l, "error_class", text_of(err_class_name(f->v.err->class)));
		put_named_text(l, "error_code", text_of(f->v.err->code));
		put_named_text(l, "error", text_of(f->v.err->msg));
		return;
	default:
		return;
	}
	put_name(l, f->name);
	puts_line(l, number);
}

static void put_head(struct line *l, enum log_level level, const char *msg)
{
	char at[INSTANT_TEXT_SIZE];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	instant_format(at, (instant_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	if (l->json) {
		puts_line(l, "{\"ts\":\"");
		puts_line(l, at);
		puts_line(l, "\"");
		put_named_text(l, "level", text_of(log_level_name(level)));
		put_named_text(l, "msg", text_of(msg));
	} else {
		puts_line(l, at);
		put(l, " ", 1);
		puts_line(l, log_level_name(level));
		put(l, " ", 1);
		put_text(l, text_of(msg));
	}
	if (state.service[0] != '\0')
		put_named_text(l, "service", text_of(state.service));
	if (state.instance[0] != '\0')
		put_named_text(l, "instance", text_of(state.instance));
}

/* Fields go in whole or not at all. */
static void put_fields(struct line *l, size_t n, const struct log_field *fields, uint32_t held)
{
	if (held > 0)
		put_field(l, &LOG_U("suppressed", held));
	for (size_t i = 0; i < n && !l->full; i++) {
		size_t before = l->n;

		put_field(l, &fields[i]);
		if (l->full)
			l->n = before;
	}
}

static void line_end(struct line *l)
{
	bool cut = l->full;
	const char *truncated = l->json ? ",\"truncated\":true" : " truncated=true";

	/* LINE_TAIL was kept free for these. */
	if (cut) {
		memcpy(l->b + l->n, truncated, strlen(truncated));
		l->n += strlen(truncated);
	}
	if (l->json)
		l->b[l->n++] = '}';
	l->b[l->n++] = '\n';
}

/* One write; a reader that is slow makes us wait, one that is gone does not matter. */
static void line_write(int fd, const char *s, size_t n)
{
	while (n > 0) {
		ssize_t written = write(fd, s, n);

		if (written >= 0) {
			s += written;
			n -= (size_t)written;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };

			if (poll(&p, 1, 1000) <= 0)
				return;
		} else if (errno != EINTR) {
			return;
		}
	}
}

/* False: hold this one back. *ret_held: how many were, before it. */
static bool site_lets_through(struct log_site *site, uint32_t *ret_held)
{
	struct timespec now;

	*ret_held = 0;
	if (site == NULL)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &now);

	int64_t began = atomic_load(&site->window_at_s);
	int64_t now_s = (int64_t)now.tv_sec + 1; /* 0 = never said anything */

	if (began == 0 || now_s - began >= LOG_WINDOW_S) {
		if (atomic_compare_exchange_strong(&site->window_at_s, &began, now_s)) {
			atomic_store(&site->said, 0);
			*ret_held = (uint32_t)atomic_exchange(&site->held, 0);
		}
	}
	if (atomic_fetch_add(&site->said, 1) < LOG_BURST)
		return true;
	atomic_fetch_add(&site->held, 1);
	return false;
}

void log_write(struct log_site *site, enum log_level level, const char *msg, size_t n, const struct log_field *fields)
{
	int saved = errno;
	uint32_t held;

	if (!log_enabled(level) || !site_lets_through(site, &held))
		return;

	enum log_format format = (enum log_format)atomic_load(&state.format);

	if (format == LOG_AUTO) {
		format = format_for(state.fd, LOG_AUTO);
		atomic_store(&state.format, (int)format);
	}

	struct line l;

	l.n = 0;
	l.full = false;
	l.json = format == LOG_JSON;
	put_head(&l, level, msg);
	put_fields(&l, n, fields, held);
	line_end(&l);
	line_write(state.fd, l.b, l.n);
	errno = saved;
}
