/* openitem tick: a business day begins and ends. */
#include "base/fault.h"
#include "cli/day.h"
#include "cli/kafka.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/settle.h"
#include "store/store.h"

#define SOURCE TEXT("/openitem/cli/tick")

static struct option_items entities; /* large, so not on the stack */

/* All that reporting knows of. */
static bool known_entities(struct cli *cli, struct err *err)
{
	struct store_result *r; /* lives until the tool ends: entities point into it */
	struct store *store;

	if (!cli_store(cli, CLI_REPORTING, err, &store) ||
	    !store_query(store, "SELECT DISTINCT entity FROM entity WHERE name <> '' ORDER BY 1", 0, NULL, err, &r))
		return err_wrap(err, "which entities there are");
	for (size_t i = 0; i < store_result_rows(r) && entities.n < OPTION_ITEMS_MAX; i++)
		entities.item[entities.n++] = store_result_cell(r, i, 0);
	if (entities.n == 0)
		return err_set(err, ERR_FATAL, "no_entities", "reporting knows no legal entity yet; name them with --entities");
	return true;
}

static bool say_day(struct cli *cli, struct kafka *k, enum day_kind kind, date_t day, struct err *err)
{
	struct event ev;
	char s[DATE_TEXT_SIZE];

	if (!day_event(kind, day, entities.item, entities.n, SOURCE, cli->arena, err, &ev) || !kafka_publish(k, &ev, err) ||
	    !kafka_flush(k, err))
		return false;
	printf("%s %s for %zu entities\n", kind == DAY_OPENED ? "opened" : "closed", date_format(s, day), entities.n);
	return true;
}

static bool barrier(struct cli *cli, int64_t timeout_ms, struct err *err)
{
	struct progress progress;
	struct settle *s;

	if (!settle_open(cli, err, &s))
		return false;
	progress_open(&progress, "tick", 0);
	bool ok = settle_run(s, SETTLE_BARRIER, timeout_ms, &progress, err);
	progress_close(&progress);
	settle_close(s);
	return ok;
}

static int tick(struct cli *cli, date_t open, date_t close, int64_t timeout_ms)
{
	struct kafka *k = NULL;
	struct err err;
	bool ok = kafka_open(cli, 0, &err, &k);

	ok = ok && (open == DATE_NONE || say_day(cli, k, DAY_OPENED, open, &err));
	if (ok && close != DATE_NONE) {
		FAILPOINT("tick.opened");
		ok = barrier(cli, timeout_ms, &err) || err_wrap(&err, "the day is not closed");
		FAILPOINT("tick.passed");
		ok = ok && say_day(cli, k, DAY_CLOSED, close, &err);
		FAILPOINT("tick.closed");
	}
	kafka_close(k);
	return ok ? EXIT_OK : cli_failed(cli, &err);
}

static int run(struct cli *cli, int argc, char **argv)
{
	date_t open = DATE_NONE, close = DATE_NONE;
	int64_t timeout_s = 0;
	struct err err;
	const struct option_spec specs[] = {
		{ "open", 0, OPTION_DAY, &open, "DATE", "publish DayOpened", 0, 0, NULL },
		{ "close", 0, OPTION_DAY, &close, "DATE", "wait behind the barrier, then publish DayClosed", 0, 0, NULL },
		{ "entities", 0, OPTION_ITEMS, &entities, "E,E", "legal entities (default: all that reporting knows)", 0, 0, NULL },
		{ "timeout", 0, OPTION_INT, &timeout_s, "SECONDS", "give the barrier up after so long", 1, 86400, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code >= 0)
		return code;
	if (open == DATE_NONE && close == DATE_NONE)
		return options_usage(cli, "expected --open or --close");
	if (entities.n == 0 && !known_entities(cli, &err))
		return cli_failed(cli, &err);
	entities.n = day_sort_entities(entities.item, entities.n);
	if (entities.n > DAY_ENTITIES_MAX)
		return options_usage(cli, "at most %d entities", DAY_ENTITIES_MAX);
	return tick(cli, open, close, timeout_s * 1000);
}

const struct command cmd_tick = {
	.name = "tick",
	.summary = "open and close a business day",
	.usage = "openitem tick --open DATE | --close DATE [--entities E,E]\n\n"
		 "--close waits until everything that is in the external topics now has passed through every service,\n"
		 "so that no letter overtakes a payment. When a lane is stopped, or nothing moves for 60 s, it ends\n"
		 "with exit 3 and the day stays open. Saying the same day twice changes nothing.",
	.example = "openitem tick --open 2026-03-31\nopenitem tick --close 2026-03-31",
	.run = run,
};
