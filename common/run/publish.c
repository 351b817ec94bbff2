/* publish: committed outcomes to Kafka, in order; the published mark; what a crash left unpublished, or `openitem refill` wants again. */
#include "base/fault.h"
#include "date/date.h"
#include "ev/type.h"
#include "log/log.h"
#include "run/loop.h"
#include "run/packed.h"
#include "wire/dead.h"
#include "wire/wire.h"

#define DRAIN_MS   1000
#define HEADERS_N  11
#define MARK_EVERY 20000 /* records that were left over, until the marks are saved in between */
#define PAGE_LANES 16 /* of a page of what was left over; times OUTCOME_PAGE rows in the arena */

bool publish_lost(struct err *err, const char *topic, int32_t partition, const struct seq_entry *last, int64_t high)
{
	return err_set(err, ERR_STOP, "topic_lost_its_end",
		       "%s[%d]: our seq %lld stood at %lld and is gone, the log %s %lld: run `openitem refill %s`", topic,
		       partition, (long long)last->published_seq, (long long)last->last_offset,
		       high > last->last_offset ? "grew again to" : "ends at", (long long)high, topic);
}

static int16_t output_of(const struct lane *lane, const struct outcome_row *row, bool second)
{
	if (!text_empty(row->dead_record))
		return (int16_t)(OUTPUT_DEAD + lane->lane / GATE_LANES_PER_SOURCE);
	return second ? OUTPUT_FANOUT : OUTPUT_ALIGNED;
}

/* What is on its way: which row, on which topic. cookie = index * 2 + (1 for the second publication). */
struct flight {
	struct loop *loop;
	const struct log_list *list;
};

/* The log ends before what these lanes were told: they say nothing more into it. What they know of it stays, so that the next check finds it, too. */
static void stop_losers(struct loop *loop, int16_t output, int32_t partition, int64_t offset)
{
	struct err lost;

	for (size_t i = 0; i < loop->n_lanes; i++) {
		struct lane *lane = &loop->lane[i];
		struct seq_entry *e = seq_find(&lane->out, output, partition, 0, false);
		if (e == NULL || e->last_offset < offset || e->lost)
			continue;
		e->lost = lane->mute = true;
		publish_lost(&lost, loop->output_topic[output], partition, e, offset);
		lane_stop(loop, lane, &lost);
	}
}

/* Offsets of acknowledgements only grow; on the fan-out all our lanes know better than each by itself. */
static bool went_back(struct loop *loop, const struct seq_entry *e, int16_t output, int32_t partition, int64_t offset)
{
	int64_t *high = &loop->fanout_high[partition];

	if (output != OUTPUT_FANOUT)
		return offset <= e->last_offset;
	bool back = offset <= *high;
	*high = offset;
	return back;
}

static void delivered(void *ctx, uint64_t cookie, int32_t partition, int64_t offset, const struct err *err)
{
	struct flight *f = ctx;
	struct lane *lane = f->list->item[cookie / 2].lane;
	const struct outcome_row *row = f->list->item[cookie / 2].row;
	int16_t output = output_of(lane, row, cookie & 1);

	if (err != NULL || offset < 0) /* negative: the broker had it already and does not say where */
		return;
	struct seq_entry *e = seq_find(&lane->out, output, partition, 0, true);
	if (output < OUTPUT_DEAD && went_back(f->loop, e, output, partition, offset))
		stop_losers(f->loop, output, partition, offset);
	if (e->lost)
		return;
	e->known_offset = offset + 1;
	e->last_offset = offset;
	e->published_seq = row->seq;
	if (output == OUTPUT_ALIGNED)
		e->seq = row->seq;
	e->changed = true;
}

/* A destination that the log check or `openitem refill` found to hold this one already is passed over. */
static bool is_there(struct lane *lane, const struct outcome_row *row, bool second, int32_t partition)
{
	const struct seq_entry *e = seq_find(&lane->out, output_of(lane, row, second), partition, 0, false);

	return e != NULL && row->seq <= e->published_seq;
}

static struct bus_header h(const char *name, struct text value)
{
	return (struct bus_header){ text_of(name), value };
}

static bool produce_event(struct loop *loop, const struct outcome_row *row, const char *topic, int32_t partition, uint64_t cookie,
			  struct err *err)
{
	char time[INSTANT_TEXT_SIZE], source[64];
	struct bus_header headers[HEADERS_N];
	size_t n = 0;

	snprintf(source, sizeof(source), SOURCE_OF_SERVICE "%s", loop->service->core->name);
	headers[n++] = h("ce_specversion", TEXT("1.0"));
	headers[n++] = h("ce_id", row->event_id);
	headers[n++] = h("ce_source", text_of(source));
	headers[n++] = h("ce_type", row->type);
	headers[n++] = h("ce_time", text_of(instant_format(time, row->recorded_at_us)));
	headers[n++] = h("content-type", TEXT("application/protobuf"));
	headers[n++] = h("ce_causationid", row->cause_event_id);
	if (!text_empty(row->key)) {
		headers[n++] = h("ce_subject", row->key);
		headers[n++] = h("ce_partitionkey", row->key);
	}
	if (!text_empty(row->correlation_id))
		headers[n++] = h("ce_correlationid", row->correlation_id);
	if (!text_empty(row->trace_parent))
		headers[n++] = h("traceparent", row->trace_parent);
	CHECK(n <= HEADERS_N);
	return bus_produce(loop->producer,
			   &(struct bus_out){ .topic = topic,
					      .partition = partition,
					      .key = row->key,
					      .key_null = text_empty(row->key),
					      .value = row->value,
					      .headers = headers,
					      .headers_n = n,
					      .cookie = cookie },
			   err);
}

static bool produce_dead_letter(struct loop *loop, const struct outcome_row *row, uint64_t cookie, struct err *err)
{
	struct record r;
	const char *topic = text_cstr(loop->arena, row->out_topic);

	if (!packed_read(row->dead_record, loop->arena, &r))
		return err_set(err, ERR_STOP, "bad_dead_letter", "outcome lane %d seq %lld", row->lane, (long long)row->seq);
	struct bus_header *headers = ARENA_ARRAY(loop->arena, r.n_headers + 2, struct bus_header);
	char time[INSTANT_TEXT_SIZE];
	size_t n = 0;
	for (; n < r.n_headers; n++)
		headers[n] = (struct bus_header){ r.headers[n].name, r.headers[n].value_null ? TEXT_NONE : r.headers[n].value };
	headers[n++] = h(WIRE_DEAD_OUTCOME, row->value);
	headers[n++] = h(WIRE_DEAD_RECORDED, text_of(instant_format(time, row->recorded_at_us)));
	return bus_produce(loop->producer,
			   &(struct bus_out){ .topic = topic,
					      .partition = row->out_partition,
					      .key = r.key,
					      .value = r.value,
					      .key_null = r.key_null,
					      .value_null = r.value_null,
					      .headers = headers,
					      .headers_n = n,
					      .cookie = cookie },
			   err);
}

/* copy: what goes to the fan-out topic besides the own one. */
static bool produce_row(struct loop *loop, const struct logged *logged, size_t at, bool copy, struct err *err)
{
	const struct outcome_row *row = logged->row;
	struct lane *lane = logged->lane;

	if (!text_empty(row->dead_record))
		return copy || is_there(lane, row, false, row->out_partition) || produce_dead_letter(loop, row, at * 2, err);
	if (loop->service->outcome_topic != NULL && !copy)
		return is_there(lane, row, false, row->lane) ||
		       produce_event(loop, row, loop->service->outcome_topic, row->lane, at * 2, err);
	return text_empty(row->out_topic) || is_there(lane, row, true, row->out_partition) ||
	       produce_event(loop, row, loop->service->fanout_topic, row->out_partition, at * 2 + 1, err);
}

/* Waits as long as it takes, unless the producer is finished or we are told to stop. */
static bool drain(struct loop *loop, struct flight *f, struct err *err)
{
	while (!bus_drain(loop->producer, DRAIN_MS, delivered, f, err)) {
		metrics_beat();
		if (run_stop || strcmp(err->code, "not_acknowledged") != 0)
			return false;
		if (!loop->said_down)
			log_line(LOG_WARN, "waiting for kafka to acknowledge");
		loop->said_down = true;
		metrics_check_set(loop->ready_kafka, "does not acknowledge");
	}
	if (loop->said_down) {
		log_line(LOG_INFO, "kafka acknowledges again");
		metrics_check_set(loop->ready_kafka, loop->kafka_away ? "not reachable" : NULL);
	}
	loop->said_down = false;
	return true;
}

static bool produce_rows(struct loop *loop, struct flight *f, bool copies, struct err *err)
{
	const struct log_list *list = f->list;

	for (size_t i = 0; i < list->n; i++) {
		bool ok = produce_row(loop, &list->item[i], i, copies, err);
		if (!ok && strcmp(err->code, "producer_full") == 0)
			ok = drain(loop, f, err) && produce_row(loop, &list->item[i], i, copies, err);
		if (!ok)
			return false;
		if (i + 1 < list->n)
			FAILPOINT("publish.record_queued");
	}
	FAILPOINT("publish.queued");
	return drain(loop, f, err);
}

/* Our own topic first: what a copy tells others, a rebuild finds there. */
bool publish_rows(struct loop *loop, const struct log_list *list, struct err *err)
{
	struct flight f = { loop, list };
	bool copies = false;

	FAILPOINT("publish.begun");
	loop->republish = true;
	for (size_t i = 0; i < list->n; i++)
		copies = copies || (loop->service->outcome_topic != NULL && !text_empty(list->item[i].row->out_topic));
	if (!produce_rows(loop, &f, false, err) || (copies && !produce_rows(loop, &f, true, err)))
		return false;
	FAILPOINT("publish.acknowledged");
	for (size_t i = 0; i < list->n; i++)
		list->item[i].lane->published_seq = list->item[i].row->seq;
	loop->republish = false;
	return true;
}

/* ---- from the outcome table ------------------------------------------------------------------------------------------- */

/* A page of each of these lanes, read and published together: who takes thirty lanes must not wait thirty times for both servers. */
static bool publish_page(struct loop *loop, struct lane *const *lanes, size_t n, struct err *err, size_t *ret_records)
{
	struct book *book = book_new(loop->arena, run_tables, RUN_TABLES_N);
	struct outcome_row from[PAGE_LANES];
	struct rows rows[PAGE_LANES];
	int32_t numbers[PAGE_LANES];
	int64_t epochs[PAGE_LANES];
	size_t total = 0;

	for (size_t i = 0; i < n; i++) {
		from[i] = (struct outcome_row){ .lane = lanes[i]->lane, .seq = lanes[i]->published_seq };
		numbers[i] = lanes[i]->lane;
		epochs[i] = lanes[i]->epoch;
		book_want(book, &outcome_table, OUTCOME_AFTER_SEQ, &from[i]);
	}
	if (!store_begin(loop->store, numbers, epochs, n, err))
		return false;
	bool ok = store_load(loop->store, book, err);
	store_abort(loop->store);
	if (!ok)
		return false;
	for (size_t i = 0; i < n; i++) {
		rows[i] = book_find(book, &outcome_table, OUTCOME_AFTER_SEQ, &from[i]);
		total += rows[i].n;
		if (rows[i].n > 0)
			continue;
		err_set(err, ERR_STOP, "outcome_missing", "outcome %lld is not in the table: it cannot be published",
			(long long)lanes[i]->published_seq + 1);
		lane_stop(loop, lanes[i], err);
		lanes[i]->mute = true;
	}
	*ret_records = total;
	if (total == 0)
		return true;
	struct log_list list = { .item = ARENA_ARRAY(loop->arena, total, struct logged), .cap = total };
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < rows[i].n; k++)
			list.item[list.n++] = (struct logged){ rows[i].row[k], lanes[i] };
	if (!publish_rows(loop, &list, err))
		return false;
	log_line(LOG_INFO, "published what was left over", LOG_U("lanes", n), LOG_U("records", total));
	return true;
}

static size_t some_unpublished(struct loop *loop, struct lane **ret_lanes)
{
	size_t n = 0;

	for (size_t i = 0; i < loop->n_lanes && n < PAGE_LANES; i++) {
		struct lane *lane = &loop->lane[i];
		if (lane->mute)
			continue;
		if (MUTANT(OUTBOX_FORGOTTEN))
			lane->published_seq = lane->seq;
		if (lane->published_seq < lane->seq)
			ret_lanes[n++] = lane;
	}
	return n;
}

bool publish_unpublished(struct loop *loop, struct err *err)
{
	struct lane *lanes[PAGE_LANES];
	size_t records, unsaved = 0;

	for (size_t n = some_unpublished(loop, lanes); n > 0; n = some_unpublished(loop, lanes)) {
		bool ok = publish_page(loop, lanes, n, err, &records);
		arena_reset(loop->arena);
		if (!ok)
			return false;
		FAILPOINT("assign.page_published");
		/* A whole topic may be left over (openitem refill): whoever has to do it again need not begin again. */
		unsaved += records;
		if (unsaved >= MARK_EVERY && !batch_save_marks(loop, err))
			return false;
		unsaved = unsaved >= MARK_EVERY ? 0 : unsaved;
	}
	loop->republish = false;
	return true;
}

/* ---- how far our records are known --------------------------------------------------------------------------------------- */

/*
 * While a lane is ours nobody else publishes for it, so what other lanes of this process were told about a partition moves its mark
 * there, too: the next start reads from it on, and not from where a lane that has little to say published last.
 */
void publish_move_known(struct loop *loop)
{
	if (loop->output_topic[OUTPUT_FANOUT] == NULL)
		return;
	for (int32_t to = 0; to < loop->lanes; to++) {
		int64_t known = -1;
		for (size_t i = 0; i < loop->n_lanes; i++) {
			const struct seq_entry *e = seq_find(&loop->lane[i].out, OUTPUT_FANOUT, to, 0, false);
			known = MAX(known, e == NULL || loop->lane[i].mute ? -1 : e->known_offset);
		}
		for (size_t i = 0; i < loop->n_lanes; i++) {
			struct seq_entry *e = seq_find(&loop->lane[i].out, OUTPUT_FANOUT, to, 0, false);
			if (e == NULL || loop->lane[i].mute || e->known_offset >= known)
				continue;
			e->known_offset = known;
			e->changed = loop->lane[i].known_moved = true;
		}
	}
}
