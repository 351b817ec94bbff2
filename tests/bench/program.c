#include "program.h"

#include <errno.h>

int64_t program_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

double program_seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int64_t program_number(const char *s)
{
	int64_t n;

	if (!text_parse_i64(text_of(s), &n) || n < 0) {
		fprintf(stderr, "%s: expected a number, got \"%s\"\n", program_invocation_short_name, s);
		exit(2);
	}
	return n;
}

void program_fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, why);
	exit(1);
}

void program_must(bool ok, const char *what, const struct err *err)
{
	if (ok)
		return;
	fprintf(stderr, "%s: %s: %s: %s\n", program_invocation_short_name, what, err->code, err->msg);
	exit(1);
}

void program_drain(struct bus_producer *producer, size_t left)
{
	struct err err;

	while (bus_in_flight(producer) > left)
		if (!bus_drain(producer, 1000, NULL, NULL, &err) && strcmp(err.code, "not_acknowledged") != 0)
			program_must(false, "publish", &err);
}
