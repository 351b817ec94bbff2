#include "base/fault.h"

#ifdef OPENITEM_FAULTS
#include <signal.h>
#include <unistd.h>

void (*fault_hook)(const char *point);
enum fault_mutant fault_mutant;

/* FAULT_POINT=name:n */
static void from_environment(const char *point)
{
	static long reached;
	const char *wanted = getenv("FAULT_POINT");
	size_t n = strlen(point);

	if (wanted == NULL || strncmp(wanted, point, n) != 0 || wanted[n] != ':')
		return;
	if (++reached == strtol(wanted + n + 1, NULL, 10))
		kill(getpid(), SIGKILL);
}

void fault_reach(const char *point)
{
	if (fault_hook != NULL)
		fault_hook(point);
	else
		from_environment(point);
}
#endif
