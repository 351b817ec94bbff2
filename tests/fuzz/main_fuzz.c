/* fuzz: libFuzzer's program. OPENITEM_FUZZ_TARGET names the target; tests/fuzz/run sets it. */
#include "fuzz.h"

static const struct fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	target = fuzz_find(getenv("OPENITEM_FUZZ_TARGET"));
	if (target != NULL)
		return 0;
	fprintf(stderr, "OPENITEM_FUZZ_TARGET: one of");
	for (size_t i = 0; i < fuzz_targets_n; i++)
		fprintf(stderr, " %s", fuzz_targets[i].name);
	fprintf(stderr, "\n");
	exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	fuzz_one(target, bytes, n);
	return 0;
}
