#include "err/err.h"

/* Cut at ERR_MSG_MAX, but not inside a UTF-8 character. */
static void cut_between_characters(char *s, size_t n)
{
	size_t at = n;

	while (at > 0 && ((unsigned char)s[at - 1] & 0xc0) == 0x80)
		at--;
	if (at == 0)
		return;
	unsigned char lead = (unsigned char)s[at - 1];
	size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;

	if (n - at + 1 < want)
		s[at - 1] = '\0';
}

static void format_cut(char *buf, size_t size, const char *fmt, va_list values) __attribute__((format(printf, 3, 0)));

static void format_cut(char *buf, size_t size, const char *fmt, va_list values)
{
	int n = vsnprintf(buf, size, fmt, values);

	if (n < 0)
		buf[0] = '\0';
	else if ((size_t)n >= size)
		cut_between_characters(buf, size - 1);
}

bool err_set(struct err *err, enum err_class class, const char *code, const char *fmt, ...)
{
	if (err == NULL)
		return false;

	/* The values may point into err itself: build the message apart. */
	struct err made = { .class = class };
	va_list values;

	snprintf(made.code, sizeof(made.code), "%s", code);
	va_start(values, fmt);
	format_cut(made.msg, sizeof(made.msg), fmt, values);
	va_end(values);
	*err = made;
	return false;
}

bool err_wrap(struct err *err, const char *fmt, ...)
{
	if (err == NULL)
		return false;

	char msg[sizeof(err->msg)];
	size_t n;
	va_list values;

	va_start(values, fmt);
	format_cut(msg, sizeof(msg), fmt, values);
	va_end(values);

	n = strlen(msg);
	if ((size_t)snprintf(msg + n, sizeof(msg) - n, ": %s", err->msg) >= sizeof(msg) - n)
		cut_between_characters(msg, sizeof(msg) - 1);
	memcpy(err->msg, msg, sizeof(msg));
	return false;
}

void err_clear(struct err *err)
{
	if (err != NULL)
		*err = (struct err){ .class = ERR_NONE };
}

const char *err_class_name(enum err_class class)
{
	switch (class) {
	case ERR_NONE:
		return "none";
	case ERR_RETRY:
		return "retry";
	case ERR_REJECT:
		return "reject";
	case ERR_FENCED:
		return "fenced";
	case ERR_STOP:
		return "stop";
	case ERR_FATAL:
		return "fatal";
	}
	return "unknown";
}
