/* openitem settle: wait until nothing is left. */
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/settle.h"

static int run(struct cli *cli, int argc, char **argv)
{
	int64_t timeout_s = 0;
	struct progress progress;
	struct settle *s;
	struct err err;
	const struct option_spec specs[] = {
		{ "timeout", 0, OPTION_INT, &timeout_s, "SECONDS", "give up after so long (default: while there is progress)", 1,
		  86400, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;
	if (!settle_open(cli, &err, &s))
		return cli_failed(cli, &err);
	progress_open(&progress, "settle", 0);
	bool ok = settle_run(s, SETTLE_ALL, timeout_s * 1000, &progress, &err);
	progress_close(&progress);
	settle_close(s);
	if (!ok)
		return cli_failed(cli, &err);
	printf("settled after %.2f s\n", progress_seconds(&progress));
	return EXIT_OK;
}

const struct command cmd_settle = {
	.name = "settle",
	.summary = "wait until every event has passed through every service",
	.usage = "openitem settle [--timeout SECONDS]\n\n"
		 "Returns when no log holds a record that its readers have not passed and every outcome is published.\n"
		 "A stopped lane, or no progress for 60 s, ends with exit 3 and the place.",
	.example = "openitem settle --timeout 300",
	.run = run,
};
