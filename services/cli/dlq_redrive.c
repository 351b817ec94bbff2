/* openitem dlq redrive: publishes dead letters again. openitem dlq audit: who did. */
#include "base/fault.h"
#include "cli/dlq.h"
#include "cli/out.h"
#include "cli/progress.h"
#include "cli/redrive.h"
#include "cli/redrive_log.h"
#include "cli_sql.h"
#include "wire/dead.h"
#include "wire/topics.h"

#include <unistd.h>

#define BATCH       200
#define BATCH_BYTES ((size_t)8 << 20)
#define TARGETS_MAX 32 /* external topics */
#define WAIT_MS     30000
#define HEADERS_MAX 1000

/* The topic that dead letters go back to. */
struct target {
	const char *topic;
	int32_t partitions;
	struct bus_position *ends; /* what is published from now on stands there or behind */
};

struct letter {
	struct bus_record record;
	struct redrive_letter judged;
	struct redrive_entry entry;
	struct target *target;
};

struct redrive {
	struct dlq dlq; /* limit: --max, found: those that are sent */
	bool dry_run, force;
	const char *by, *note, *rate;
	int64_t rate_per_s;
	struct store *store;
	struct bus_producer *producer;
	struct target targets[TARGETS_MAX];
	size_t n_targets;
	struct letter batch[BATCH];
	size_t n, bytes;
	struct arena *arena; /* of the batch */
	struct out *out;
	struct progress progress;
	char detail[40]; /* of the bar */
	int64_t read, before, refused, begun_ms;
};

/* ---- where they go ---- */

static bool add_target(struct redrive *d, struct bus_admin *admin, const char *topic, struct err *err)
{
	struct target *t = &d->targets[d->n_targets];

	*t = (struct target){ .topic = topic };
	if (!bus_topic_info(admin, topic, err, &t->partitions))
		return false;
	if (t->partitions == 0)
		return err_set(err, ERR_FATAL, "topic_missing", "there is no topic %s", topic);
	t->ends = ARENA_ARRAY(d->dlq.cli->arena, (size_t)t->partitions, struct bus_position);
	for (int32_t p = 0; p < t->partitions; p++)
		t->ends[p] = (struct bus_position){ topic, p, 0 };
	d->n_targets++;
	return bus_log_ends(admin, t->ends, (size_t)t->partitions, err);
}

static struct target *target_of(struct redrive *d, struct text topic)
{
	for (size_t i = 0; i < d->n_targets; i++)
		if (text_eq(text_of(d->targets[i].topic), topic))
			return &d->targets[i];
	return NULL;
}

/* Only topics that strangers write: whatever else ends in -dlt is none of the gate's. */
static bool find_targets(struct redrive *d, struct err *err)
{
	_cleanup_(bus_admin_closep) struct bus_admin *admin = NULL;
	size_t n = 0;

	if (!bus_admin_open(&d->dlq.conf, err, &admin))
		return false;
	for (size_t i = 0; i < d->dlq.n; i++) {
		struct text topic = wire_dead_topic(text_of(d->dlq.ranges[i].topic));
		const struct wire_topic *t = wire_topic_find(topic);

		if (t == NULL || !t->external)
			continue;
		if (target_of(d, topic) == NULL && !add_target(d, admin, t->topic, err))
			return false;
		d->dlq.ranges[n++] = d->dlq.ranges[i];
	}
	d->dlq.n = n;
	return n > 0 || err_set(err, ERR_FATAL, "topic_missing", "none of these topics is one that the gate reads");
}

/* For the bar. */
static bool count_records(struct redrive *d, struct err *err)
{
	_cleanup_(bus_admin_closep) struct bus_admin *admin = NULL;
	struct bus_position *low = ARENA_ARRAY(d->dlq.cli->arena, d->dlq.n, struct bus_position), *high;

	for (size_t i = 0; i < d->dlq.n; i++)
		low[i] = (struct bus_position){ d->dlq.ranges[i].topic, d->dlq.ranges[i].partition, 0 };
	high = arena_dup(d->dlq.cli->arena, low, d->dlq.n * sizeof(*low));
	if (!bus_admin_open(&d->dlq.conf, err, &admin) || !bus_log_starts(admin, low, d->dlq.n, err) ||
	    !bus_log_ends(admin, high, d->dlq.n, err))
		return false;
	for (size_t i = 0; i < d->dlq.n; i++)
		d->progress.total += high[i].offset - low[i].offset;
	return true;
}

/* ---- a batch ---- */

static void delivered(void *ctx, uint64_t cookie, int32_t partition, int64_t offset, const struct err *err)
{
	struct redrive *d = ctx;
	struct letter *l = &d->batch[cookie];

	(void)partition;
	if (err != NULL)
		return; /* bus_drain says it too */
	l->entry.to_offset = offset;
	l->target->ends[l->entry.to_partition].offset = offset + 1;
}

static bool publish_one(struct redrive *d, size_t at, struct err *err)
{
	struct letter *l = &d->batch[at];
	struct bus_out out = { .topic = l->target->topic,
			       .partition = l->entry.to_partition,
			       .key = l->record.key,
			       .value = l->record.value,
			       .key_null = l->record.key_null,
			       .value_null = l->record.value_null,
			       .headers = l->judged.headers,
			       .headers_n = l->judged.headers_n,
			       .cookie = at };

	return bus_produce(d->producer, &out, err) || err_wrap(err, "%s", l->target->topic);
}

/* What was acknowledged is said to be sent, also when something was not. */
static bool publish(struct redrive *d, const size_t *which, struct redrive_entry *const *entries, size_t n, struct err *err)
{
	int64_t deadline_ms = cli_now_ms() + WAIT_MS;
	struct err why = { 0 };
	bool ok = true;

	FAILPOINT("redrive.claimed");
	for (size_t i = 0; i < n && ok; i++)
		ok = publish_one(d, which[i], err);
	while (!bus_drain(d->producer, 1000, delivered, d, &why)) {
		if (strcmp(why.code, "not_acknowledged") == 0 && cli_now_ms() < deadline_ms)
			continue;
		if (strcmp(why.code, "not_acknowledged") == 0)
			err_set(&why, ERR_RETRY, "brokers_unreachable", "%zu records were not acknowledged within %d s",
				bus_in_flight(d->producer), WAIT_MS / 1000);
		if (ok)
			*err = why;
		ok = false;
		break;
	}
	FAILPOINT("redrive.acknowledged");
	if (!redrive_log_sent(d->store, entries, n, false, d->arena, ok ? err : &why))
		return false;
	FAILPOINT("redrive.recorded");
	return ok;
}

static const char *result_of(const struct redrive *d, const struct letter *l)
{
	if (l->judged.verdict != REDRIVE_SEND)
		return redrive_words(l->judged.verdict);
	if (d->dry_run)
		return l->entry.attempts > 0 ? "would be looked for, then sent" : "would be sent";
	if (l->entry.to_offset >= 0)
		return redrive_words(REDRIVE_SEND);
	return "not acknowledged";
}

static const struct out_column columns[] = {
	{ "dead_letter", OUT_TEXT }, { "reason", OUT_TEXT }, { "id", OUT_TEXT },     { "key", OUT_TEXT },
	{ "redrive", OUT_INT },      { "target", OUT_TEXT }, { "result", OUT_TEXT },
};

static void print_letter(struct redrive *d, const struct letter *l)
{
	const struct redrive_entry *e = &l->entry;
	struct text target = text_printf(d->arena, "%s:%d", e->to_topic, e->to_partition);

	if (e->to_offset >= 0)
		target = text_printf(d->arena, TEXT_FMT ":%lld", TEXT_ARG(target), (long long)e->to_offset);
	out_text(d->out, text_printf(d->arena, "%s:%d:%lld", e->dlt_topic, e->dlt_partition, (long long)e->dlt_offset));
	out_text(d->out, e->reason);
	out_text(d->out, e->event_id);
	out_text(d->out, l->record.key);
	out_int(d->out, e->count);
	out_text(d->out, target);
	out_text(d->out, text_of(result_of(d, l)));
}

static void end_batch(struct redrive *d)
{
	for (size_t i = 0; i < d->n; i++)
		bus_record_release(&d->batch[i].record);
	arena_reset(d->arena);
	d->n = d->bytes = 0;
}

/* Which of the batch are sent now: not before, not refused, not more than --max. The others are counted; `shown` is what gets a row. */
static size_t choose(struct redrive *d, size_t *which, struct redrive_entry **entries, bool *shown)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		struct letter *l = &d->batch[i];

		shown[i] = !l->entry.sent && (d->dlq.limit == 0 || d->dlq.found + (int64_t)n < d->dlq.limit);
		d->before += l->entry.sent;
		if (!shown[i])
			continue;
		if (l->judged.verdict == REDRIVE_SEND) {
			entries[n] = &l->entry;
			which[n++] = i;
		} else {
			d->refused++;
		}
	}
	return n;
}

static bool flush(struct redrive *d, struct err *err)
{
	struct redrive_entry *entries[BATCH];
	size_t which[BATCH], n;
	bool shown[BATCH], ok;

	for (size_t i = 0; i < d->n; i++)
		entries[i] = &d->batch[i].entry;
	if (!redrive_log_known(d->store, entries, d->n, d->arena, err)) {
		end_batch(d);
		return false;
	}
	n = choose(d, which, entries, shown);
	ok = d->dry_run || n == 0 ||
	     (redrive_log_claim(d->store, entries, n, d->by, d->note, d->force, d->arena, err) &&
	      publish(d, which, entries, n, err));
	for (size_t i = 0; i < n; i++)
		d->dlq.found += d->dry_run || entries[i]->to_offset >= 0;
	snprintf(d->detail, sizeof(d->detail), "%lld sent", (long long)d->dlq.found);
	for (size_t i = 0; i < d->n; i++)
		if (shown[i])
			print_letter(d, &d->batch[i]);
	end_batch(d);
	if (ok && !d->dry_run)
		cli_sleep_ms(redrive_wait_ms(d->rate_per_s, d->dlq.found, cli_now_ms() - d->begun_ms));
	return ok;
}

/* Small batches when a rate is asked for, so that it is kept within the second too. */
static bool is_full(const struct redrive *d)
{
	size_t max = d->rate_per_s == 0 ? BATCH : (size_t)MIN(MAX(d->rate_per_s / 5, (int64_t)1), (int64_t)BATCH);

	return d->n >= max || d->bytes >= BATCH_BYTES;
}

static size_t headers_of(const struct bus_record *r, struct arena *a, struct bus_header **ret)
{
	struct bus_header *h = ARENA_ARRAY(a, HEADERS_MAX, struct bus_header);
	size_t n = 0;

	while (n < HEADERS_MAX && bus_header_at(r, n, &h[n].name, &h[n].value))
		n++;
	*ret = h;
	return n;
}

static bool take(void *ctx, struct bus_record *r, struct arena *a, struct err *err)
{
	struct redrive *d = ctx;
	struct letter *l = &d->batch[d->n];
	struct bus_header *headers;
	struct record_view v;

	progress_set(&d->progress, ++d->read, d->detail);
	if (!dlq_wanted(&d->dlq, r))
		return true;

	size_t n = headers_of(r, d->arena, &headers);
	struct text place = text_printf(d->arena, "%s:%d:%lld", r->topic, r->partition, (long long)r->offset);

	record_view(r, a, &v);
	*l = (struct letter){ .record = *r, .target = target_of(d, wire_dead_topic(text_of(r->topic))) };
	redrive_judge(headers, n, place, d->force, d->arena, &l->judged);
	l->entry = (struct redrive_entry){
		.dlt_topic = r->topic,
		.dlt_partition = r->partition,
		.dlt_offset = r->offset,
		.dlt_time_ms = r->timestamp_ms,
		.reason = l->judged.reason,
		.event_id = text_dup(d->arena, v.ce.id),
		.count = l->judged.count,
		.to_topic = l->target->topic,
		.to_partition = redrive_partition(r->key, r->key_null, r->partition, l->target->partitions),
		.to_offset = -1,
	};
	l->entry.to_from = l->target->ends[l->entry.to_partition].offset;
	d->n++;
	d->bytes += r->value.n;
	*r = (struct bus_record){ 0 }; /* ours now */
	return !is_full(d) || flush(d, err);
}

static bool take_no_more(void *ctx, bool ok, struct err *err)
{
	struct redrive *d = ctx;

	if (ok && d->n > 0)
		return flush(d, err);
	end_batch(d);
	return ok;
}

/* ---- the command ---- */

static void sum_up(struct redrive *d, size_t unfinished, size_t found)
{
	if (found > 0)
		out_note(d->out, "%zu had been sent by a run that was killed: recorded now", found);
	if (unfinished > found)
		out_note(d->out, "%zu that a run which was killed meant to send had not been sent", unfinished - found);
	out_note(d->out, "%lld %s, %lld refused, %lld sent before", (long long)d->dlq.found, d->dry_run ? "would be sent" : "sent",
		 (long long)d->refused, (long long)d->before);
}

static int redrive(struct redrive *d)
{
	struct cli *cli = d->dlq.cli;
	size_t unfinished = 0, found = 0;
	struct err err;
	bool ok = dlq_find(&d->dlq, &err) && redrive_log_open(cli, !d->dry_run, &err, &d->store) &&
		  (d->dry_run || redrive_log_finish(d->store, &d->dlq.conf, cli->arena, &err, &unfinished, &found)) &&
		  find_targets(d, &err) && count_records(d, &err) &&
		  (d->dry_run || bus_producer_open(&d->dlq.conf, 1, &err, &d->producer));

	if (ok) {
		d->out = out_open(cli, columns, ARRAY_LEN(columns));
		out_nothing(d->out, "nothing to re-drive");
		d->begun_ms = cli_now_ms();
		ok = dlq_read(&d->dlq, take, take_no_more, d, &err);
		progress_close(&d->progress);
		sum_up(d, unfinished, found);
		out_close(d->out);
	}
	bus_producer_close(d->producer);
	store_close(d->store);
	if (!ok)
		return cli_failed(cli, &err);
	return d->refused > 0 ? EXIT_FOUND : EXIT_OK;
}

int dlq_redrive(struct cli *cli, int argc, char **argv)
{
	static struct redrive d;

	d = (struct redrive){ .dlq = { .cli = cli }, .note = "", .by = cli_user() };
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		OPTION_DLQ_TOPIC(d.dlq),
		OPTION_DLQ_REASON(d.dlq),
		{ "key", 'k', OPTION_TEXT, &d.dlq.key, "KEY", "only with this record key", 0, 0, NULL },
		OPTION_DLQ_SINCE(d.dlq),
		{ "max", 'n', OPTION_INT, &d.dlq.limit, "N", "send at most N", 1, INT64_MAX, NULL },
		{ "rate", 0, OPTION_TEXT, &d.rate, "N/s", "send at most so many per second", 0, 0, NULL },
		{ "dry-run", 0, OPTION_FLAG, &d.dry_run, NULL, "list what would be sent; send and record nothing", 0, 0, NULL },
		{ "force", 0, OPTION_FLAG, &d.force, NULL, "also what was re-driven three times already", 0, 0, NULL },
		{ "by", 0, OPTION_TEXT, &d.by, "USER", "who decides (default: your login name)", 0, 0, NULL },
		{ "note", 0, OPTION_TEXT, &d.note, "TEXT", "why, in words", 0, 0, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code < 0)
		code = dlq_since(&d.dlq);
	if (code >= 0)
		return code;
	if (d.rate != NULL && !redrive_rate(text_of(d.rate), &d.rate_per_s))
		return options_usage(cli, "--rate: expected records per second, like 50/s, got \"%s\"", d.rate);
	if (d.by == NULL || d.by[0] == '\0')
		return options_usage(cli, "--by is missing: you have no login name here");
	d.arena = arena_new((size_t)64 << 20, (size_t)1 << 30);
	progress_open(&d.progress, "redrive", 0);
	d.progress.quiet = cli->format != OUT_TABLE && isatty(STDOUT_FILENO) == 1; /* rows go there as they come */
	code = redrive(&d);
	arena_free(d.arena);
	return code;
}

/* ---- audit ---- */

static bool print_audit(void *ctx, const struct store_result *row, struct err *err)
{
	struct out *out = ctx;
	instant_t at;

	(void)err;
	CHECK(instant_parse(store_result_text(row, 0, "at"), &at));
	out_instant(out, at);
	for (size_t i = 1; i < store_result_columns(row); i++) {
		if (strcmp(store_result_column_name(row, i), "redrive") == 0)
			out_int(out, store_result_i64(row, 0, "redrive"));
		else
			out_text(out, store_result_cell(row, 0, i));
	}
	return true;
}

int dlq_audit(struct cli *cli, int argc, char **argv)
{
	static const struct out_column audit[] = {
		{ "at", OUT_INSTANT },  { "by", OUT_TEXT },    { "login", OUT_TEXT },  { "dead_letter", OUT_TEXT },
		{ "reason", OUT_TEXT }, { "event", OUT_TEXT }, { "redrive", OUT_INT }, { "result", OUT_TEXT },
		{ "target", OUT_TEXT }, { "note", OUT_TEXT },
	};
	static struct dlq d;
	struct store *store;
	struct err err;

	d = (struct dlq){ .cli = cli };
	const struct option_spec specs[] = {
		OPTION_FORMAT(cli),
		{ "since", 0, OPTION_TEXT, &d.since, "TIME", "only what was done since a date or instant", 0, 0, NULL },
	};
	int code = options_parse(cli, specs, ARRAY_LEN(specs), 0, 0, &argc, &argv);

	if (code < 0)
		code = dlq_since(&d);
	if (code >= 0)
		return code;
	if (!redrive_log_open(cli, false, &err, &store))
		return cli_failed(cli, &err);

	char since[INSTANT_TEXT_SIZE];
	const char *params[] = { d.since == NULL ? "-infinity" : instant_format(since, d.since_ms * 1000) };
	struct out *out = out_open(cli, audit, ARRAY_LEN(audit));

	out_nothing(out, "nothing was re-driven");
	bool ok = store_stream(store, sql_redrive_audit, 1, params, print_audit, out, &err);
	if (!ok)
		out_nothing(out, "");
	out_close(out);
	store_close(store);
	return ok ? EXIT_OK : cli_failed(cli, &err);
}
