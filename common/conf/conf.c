#include "conf/conf_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c == '-' ? '_' : c;
}

struct conf *conf_new(const char *service, char *const *env)
{
	struct conf *c = calloc(1, sizeof(*c));

	CHECK(c != NULL);
	c->arena = arena_new(ARENA_BYTES, ARENA_BYTES);
	c->env = env;

	char name[64];
	size_t n = 0;

	for (; service != NULL && service[n] != '\0' && n + 1 < sizeof(name); n++)
		name[n] = upper(service[n]);
	name[n] = '\0';
	c->own = text_printf(c->arena, PREFIX "%s_", name);
	return c;
}

void conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	arena_free(c->arena);
	free(c);
}

void conf_freep(struct conf **c)
{
	conf_free(*c);
}

/* ---- problems ---- */

void conf_add_problem(struct conf *c, const char *name, const char *fmt, ...)
{
	struct buf b = { .arena = c->arena };
	va_list values;

	if (c->problems_n == PROBLEMS_MAX)
		return;
	buf_printf(&b, "%s: ", name);
	va_start(values, fmt);
	buf_vprintf(&b, fmt, values);
	va_end(values);
	c->problems[c->problems_n++] = text_cstr(c->arena, text_printable(c->arena, buf_text(&b)));
}

size_t conf_problems(const struct conf *c)
{
	return c->problems_n;
}

const char *conf_problem(const struct conf *c, size_t i)
{
	CHECK(i < c->problems_n);
	return c->problems[i];
}

/* Long values are cut: a pasted file is of no help in a message. A connection string may hold its password. */
#define SHOWN_MAX 80

static const char *shown(struct conf *c, const char *value)
{
	struct text t = text_of(value);

	if (conf_has_password(value))
		return "***";
	if (t.n <= SHOWN_MAX)
		return value;
	t.n = SHOWN_MAX;
	return text_printf(c->arena, TEXT_FMT "...", TEXT_ARG(t)).s;
}

/* ---- the environment ---- */

/* NULL when it is not set or empty. */
static const char *env_value(const struct conf *c, const char *name)
{
	size_t n = strlen(name);

	for (char *const *e = c->env; e != NULL && *e != NULL; e++) {
		if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
			return (*e)[n + 1] == '\0' ? NULL : *e + n + 1;
	}
	return NULL;
}

static struct setting *setting_of(struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->settings_n; i++) {
		if (strcmp(c->settings[i].name, name) == 0)
			return &c->settings[i];
	}
	CHECK(c->settings_n < SETTINGS_MAX);

	struct setting *s = &c->settings[c->settings_n++];

	s->name = text_cstr(c->arena, text_of(name));
	s->value = env_value(c, name);
	s->given = s->value != NULL;
	return s;
}

static void not_set(struct conf *c, const char *name, const char *expected)
{
	conf_add_problem(c, name, "not set; expected %s", expected);
}

static void not_expected(struct conf *c, const char *name, const char *expected, const char *value)
{
	conf_add_problem(c, name, "expected %s, got \"%s\"", expected, shown(c, value));
}

/* ---- getters ---- */

void conf_optional(struct conf *c, const char *name, const char *fallback, const char *expected, const char **ret_value)
{
	struct setting *s = setting_of(c, name);

	if (s->given && (!text_is_utf8(text_of(s->value), 0) || text_has_control(text_of(s->value)))) {
		not_expected(c, name, expected, s->value);
		s->value = fallback;
		s->given = false;
	} else if (!s->given) {
		s->value = fallback;
	}
	*ret_value = s->value;
}

void conf_required(struct conf *c, const char *name, const char *expected, const char **ret_value)
{
	if (!setting_of(c, name)->given)
		not_set(c, name, expected);
	conf_optional(c, name, NULL, expected, ret_value);
	if (*ret_value == NULL)
		*ret_value = "";
}

static void get_integer(struct conf *c, const char *name, const int64_t *fallback, int64_t min, int64_t max, int64_t *ret)
{
	struct setting *s = setting_of(c, name);
	const char *expected = text_printf(c->arena, "an integer %lld..%lld", (long long)min, (long long)max).s;
	int64_t value = 0;

	*ret = fallback == NULL ? 0 : *fallback;
	if (!s->given) {
		if (fallback == NULL)
			not_set(c, name, expected);
		else
			s->value = text_printf(c->arena, "%lld", (long long)*fallback).s;
	} else if (!text_parse_i64(text_of(s->value), &value) || value < min || value > max) {
		not_expected(c, name, expected, s->value);
	} else {
		*ret = value;
	}
}

void conf_integer(struct conf *c, const char *name, int64_t fallback, int64_t min, int64_t max, int64_t *ret_value)
{
	get_integer(c, name, &fallback, min, max, ret_value);
}

void conf_required_integer(struct conf *c, const char *name, int64_t min, int64_t max, int64_t *ret_value)
{
	get_integer(c, name, NULL, min, max, ret_value);
}

void conf_choice(struct conf *c, const char *name, size_t fallback_at, const char *const *words, size_t n, size_t *ret_at)
{
	struct setting *s = setting_of(c, name);

	CHECK(fallback_at < n);
	*ret_at = fallback_at;
	if (!s->given) {
		s->value = words[fallback_at];
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (strcmp(s->value, words[i]) == 0) {
			*ret_at = i;
			return;
		}
	}

	struct buf expected = { .arena = c->arena };

	for (size_t i = 0; i < n; i++)
		buf_printf(&expected, "%s%s", i == 0 ? "one of " : ", ", words[i]);
	not_expected(c, name, buf_text(&expected).s, s->value);
}

void conf_flag(struct conf *c, const char *name, bool fallback, bool *ret_value)
{
	static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };
	size_t at;

	conf_choice(c, name, fallback ? 1 : 0, words, ARRAY_LEN(words), &at);
	*ret_value = at % 2 == 1;
}

/* "host:port" or "[v6]:port" with a port of 0..65535. */
static bool is_address(struct text t, bool empty_host)
{
	size_t colon = TEXT_NOT_FOUND;
	uint64_t port;

	for (size_t i = 0; i < t.n; i++) {
		if (t.s[i] == ':')
			colon = i;
		if ((unsigned char)t.s[i] <= ' ' || t.s[i] == 0x7f)
			return false;
	}
	if (colon == TEXT_NOT_FOUND || t.n - colon > 6 ||
	    !text_parse_u64((struct text){ t.s + colon + 1, t.n - colon - 1 }, &port) || port > UINT16_MAX)
		return false;
	if (colon == 0)
		return empty_host;
	if (t.s[0] == '[')
		return colon > 3 && t.s[colon - 1] == ']';
	return memchr(t.s, ':', colon) == NULL;
}

void conf_address(struct conf *c, const char *name, const char *fallback, bool empty_host, const char **ret_value)
{
	const char *expected = empty_host ? "host:port or :port" : "host:port";

	if (fallback == NULL)
		conf_required(c, name, expected, ret_value);
	else
		conf_optional(c, name, fallback, expected, ret_value);
	if (setting_of(c, name)->given && !is_address(text_of(*ret_value), empty_host)) {
		not_expected(c, name, expected, *ret_value);
		*ret_value = fallback == NULL ? "" : fallback;
	}
}

/* ---- secrets ---- */

/* NULL = read; else what is wrong, for people. */
static const char *read_secret_file(struct conf *c, const char *path, struct text *ret_value)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *wrong = NULL;
	struct stat st;
	char *buf = arena_alloc(c->arena, CONF_SECRET_MAX + 2);
	size_t n = 0;
	ssize_t got = 1;

	if (fd < 0)
		return strerror(errno);
	if (fstat(fd, &st) != 0)
		wrong = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		wrong = "not a regular file";
	else if ((st.st_mode & S_IWOTH) != 0)
		wrong = "everybody may write it; chmod o-w";
	while (wrong == NULL && got > 0 && n <= CONF_SECRET_MAX) {
		got = read(fd, buf + n, CONF_SECRET_MAX + 1 - n);
		if (got > 0)
			n += (size_t)got;
		else if (got < 0)
			wrong = strerror(errno);
	}
	close(fd);
	if (wrong != NULL)
		return wrong;
	if (n > 0 && buf[n - 1] == '\n')
		n--;
	if (n > 0 && buf[n - 1] == '\r')
		n--;
	if (n == 0)
		return "it is empty";
	if (n > CONF_SECRET_MAX)
		return "longer than a secret is";
	if (memchr(buf, '\0', n) != NULL)
		return "it contains a NUL byte";
	buf[n] = '\0';
	*ret_value = (struct text){ buf, n };
	return NULL;
}

void conf_secret(struct conf *c, const char *name, const char *fallback, struct text *ret_value)
{
	struct setting *s = setting_of(c, name);
	const char *file_name = text_printf(c->arena, "%s_FILE", name).s;
	struct setting *file = setting_of(c, file_name);
	const char *wrong = NULL;

	s->secret = true;
	*ret_value = text_of(fallback == NULL ? "" : fallback);
	if (s->given && file->given) {
		conf_add_problem(c, name, "set together with %s; expected one of the two", file_name);
	} else if (s->given) {
		*ret_value = text_of(s->value);
	} else if (file->given) {
		wrong = read_secret_file(c, file->value, ret_value);
		if (wrong != NULL)
			conf_add_problem(c, file_name, "expected a file that holds the secret, got \"%s\": %s",
					 shown(c, file->value), wrong);
	} else if (fallback == NULL) {
		conf_add_problem(c, name, "not set; expected a secret here, or the path of a file that holds it in %s", file_name);
	}
}
