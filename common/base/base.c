#include "base/base.h"

_Noreturn void base_check_failed(const char *file, int line, const char *text)
{
	fprintf(stderr, "%s:%d: check failed: %s\n", file, line, text);
	abort();
}
