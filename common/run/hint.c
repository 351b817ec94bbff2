/* hint: what the gate remembers in Redis about identities it has committed. Only ever a hint (DESIGN section 3). */
#include "base/fault.h"
#include "run/loop.h"

/* Value: "<id of the database> <source index> <partition> <offset> <64 hex digits>". It counts only when it is this database's and that offset lies below the position
 * this database has committed, so a stale cache or a restored database can never swallow an event. */

static bool below_committed(struct loop *loop, int64_t source, int64_t partition, int64_t offset)
{
	if (MUTANT(SEEN_BEFORE_COMMIT))
		return true;
	struct lane *lane = lane_find(loop, lane_of_partition(loop, (int)source, (int32_t)partition));

	return lane != NULL && source < (int64_t)loop->service->n_sources && offset < lane->next_offset[source];
}

static bool parse_value(struct text value, int64_t ret_n[3], struct id_hash *ret_hash)
{
	for (int i = 0; i < 3; i++) {
		size_t at = text_find(value, TEXT(" "));
		if (at == TEXT_NOT_FOUND || !text_parse_i64((struct text){ value.s, at }, &ret_n[i]) || ret_n[i] < 0)
			return false;
		value = (struct text){ value.s + at + 1, value.n - at - 1 };
	}
	return id_hex_parse(value, ret_hash);
}

void hint_get(struct loop *loop, struct input *inputs, size_t n)
{
	struct text *keys = ARENA_ARRAY(loop->arena, n, struct text);
	struct text *values = ARENA_ARRAY(loop->arena, n, struct text);
	size_t *of = ARENA_ARRAY(loop->arena, n, size_t);
	size_t asked = 0;

	if (loop->seen == NULL || loop->birth[0] == '\0')
		return;
	for (size_t i = 0; i < n; i++) {
		struct text hash;
		if (loop->service->gate->identity(&inputs[i], loop->arena, &keys[asked], &hash))
			of[asked++] = i;
	}
	if (asked == 0 || !seen_get(loop->seen, loop->arena, asked, keys, values))
		return;
	for (size_t k = 0; k < asked; k++) {
		int64_t at[3];
		struct id_hash hash;
		struct text birth = text_of(loop->birth);
		if (!text_starts(values[k], birth) ||
		    !parse_value((struct text){ values[k].s + birth.n, values[k].n - birth.n }, at, &hash) ||
		    !below_committed(loop, at[0], at[1], at[2]))
			continue;
		inputs[of[k]].seen_hash = (struct text){ arena_dup(loop->arena, hash.b, sizeof(hash.b)), sizeof(hash.b) };
	}
}

void hint_put(struct loop *loop, const struct input *inputs, size_t n)
{
	struct text *keys = ARENA_ARRAY(loop->arena, n, struct text);
	struct text *values = ARENA_ARRAY(loop->arena, n, struct text);
	size_t k = 0;

	if (loop->seen == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		struct text hash;
		struct id_hash h;
		char hex[ID_HEX_SIZE];
		if (!loop->service->gate->identity(&inputs[i], loop->arena, &keys[k], &hash) || hash.n != sizeof(h.b) ||
		    !text_empty(inputs[i].seen_hash))
			continue;
		memcpy(h.b, hash.s, sizeof(h.b));
		values[k++] = text_printf(loop->arena, "%s%d %d %lld %s", loop->birth, inputs[i].source, inputs[i].cause.partition,
					  (long long)inputs[i].cause.offset, id_hex(hex, &h));
	}
	if (k > 0)
		seen_put(loop->seen, loop->arena, k, keys, values, SEEN_TTL_S);
}
