/* openitem dlq histogram: how many dead letters, by reason, topic or day. */
#include "cli/dlq.h"
#include "cli/histogram.h"
#include "cli/out.h"

enum { BY_REASON, BY_TOPIC, BY_DAY };
static const char *const names[] = { "reason", "topic", "day", NULL };

struct count {
	struct dlq dlq;
	size_t by;
	struct histogram h;
};

static struct text kind_of(const struct count *c, const struct bus_record *r, struct arena *a)
{
	char day[DATE_TEXT_SIZE];

	if (c->by == BY_TOPIC)
		return text_of(r->topic);
	if (c->by == BY_REASON)
		return record_header(r, "openitem_error_code");
	return r->timestamp_ms < 0 ? TEXT_NONE : text_dup(a, text_of(date_format(day, instant_date(r->timestamp_ms * 1000))));
}

static bool count_record(void *ctx, struct bus_record *r, struct arena *a, struct err *err)
{
	struct count *c = ctx;
	struct record_view v;

	(void)err;
	if (!dlq_wanted(&c->dlq, r))
		return true;
	record_view(r, a, &v);
	histogram_add(&c->h, kind_of(c, r, a), r->timestamp_ms,
		      text_printf(a, "%s:%d:%lld", r->topic, r->partition, (long long)r->offset), v.ce.id);
	return true;
}

static void print(const struct count *c)
{
	const struct out_column columns[] = {
		{ names[c->by], OUT_TEXT }, { "count", OUT_INT }, { "first", OUT_INSTANT },
		{ "last", OUT_INSTANT },    { "id", OUT_TEXT },   { "example", OUT_TEXT },
	};
	struct out *out = out_open(c->dlq.cli, columns, ARRAY_LEN(columns));
	int64_t total = 0;

	out_nothing(out, "no dead letters");
	for (size_t i = 0; i < c->h.n; i++) {
		const struct histogram_bar *bar = &c->h.bars[i];

		total += bar->count;
		out_text(out, bar->kind);
		out_int(out, bar->count);
		out_instant(out, bar->first_ms == INT64_MAX ? INSTANT_NONE : bar->first_ms * 1000);
		out_instant(out, bar->last_ms == INT64_MIN ? INSTANT_NONE : bar->last_ms * 1000);
		out_text(out, text_of(bar->id));
		out_text(out, text_of(bar->place));
	}
	if (total > 0)
		out_note(out, "%lld dead letter%s", (long long)total, total == 1 ? "" : "s");
	out_close(out);
}

int dlq_histogram(struct cli *cli, int argc, char **argv)
{
	static struct count c;
	struct err err;

	c = (struct count){ .dlq = { .cli = cli } };
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "by", 0, OPTION_WORD, &c.by, "reason|topic|day", "what to count by (reason)", 0, 0, names },
		OPTION_DLQ_TOPIC(c.dlq),
		OPTION_DLQ_REASON(c.dlq),
		OPTION_DLQ_SINCE(c.dlq),
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code < 0)
		code = dlq_since(&c.dlq);
	if (code >= 0)
		return code;
	c.h.arena = cli->arena;
	bool ok = dlq_find(&c.dlq, &err) && dlq_read(&c.dlq, count_record, NULL, &c, &err);
	if (ok) {
		histogram_sort(&c.h, c.by == BY_DAY);
		print(&c);
	}
	return ok ? EXIT_OK : cli_failed(cli, &err);
}
