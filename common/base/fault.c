#include "base/fault.h"

#ifdef OPENITEM_FAULTS
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#define ORDERS_MAX 4096 /* bytes of a file of FAULT_DIR */

void (*fault_hook)(const char *point);
enum fault_mutant fault_mutant;

/* Is this order (name:n) about the point? Then n, else 0. */
static long wanted(const char *order, const char *point)
{
	size_t n = strlen(point);

	return strncmp(order, point, n) == 0 && order[n] == ':' ? strtol(order + n + 1, NULL, 10) : 0;
}

static void from_environment(const char *point)
{
	static long reached;
	const char *order = getenv("FAULT_POINT");

	if (order != NULL && wanted(order, point) > 0 && ++reached == wanted(order, point))
		raise(SIGKILL);
}

/* The first line, counted down by one; what follows it when it has come to 0, and then it is time to die (~: not yet). */
static bool obey(char *orders, const char *point, const char *path)
{
	bool lives = orders[0] == '~';
	long n = wanted(orders + lives, point);
	char *rest = strchrnul(orders, '\n'), next[ORDERS_MAX + 4];
	FILE *f;

	if (n <= 0)
		return false;
	rest += *rest == '\n';
	snprintf(next, sizeof(next), "%s.new", path);
	f = fopen(next, "we");
	CHECK(f != NULL);
	if (n > 1)
		fprintf(f, "%s%s:%ld\n", lives ? "~" : "", point, n - 1);
	fputs(rest, f);
	CHECK(fclose(f) == 0 && rename(next, path) == 0);
	return n == 1 && !lives;
}

static void from_directory(const char *point)
{
	const char *dir = getenv("FAULT_DIR");
	char path[1024], orders[ORDERS_MAX + 1];

	if (dir == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s", dir, program_invocation_short_name);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return;
	orders[fread(orders, 1, ORDERS_MAX, f)] = '\0';
	fclose(f);
	if (obey(orders, point, path))
		raise(SIGKILL);
}

/* FAULT_MUTANT=n, its number in the enum: to show that tests/kill/sweep finds bugs. */
static void mutant_from_environment(void)
{
	const char *number = getenv("FAULT_MUTANT");

	if (number != NULL && fault_mutant == MUTANT_NONE)
		fault_mutant = (enum fault_mutant)strtol(number, NULL, 10);
}

void fault_reach(const char *point)
{
	if (fault_hook != NULL) {
		fault_hook(point);
		return;
	}
	mutant_from_environment();
	from_environment(point);
	from_directory(point);
}
#endif
