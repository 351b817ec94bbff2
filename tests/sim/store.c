/* store: store/store.h over the in-memory twins. One connection of one client; transactions, fences, locks, lost connections. */
#include "world.h"

#define LOCK_WAIT_US 500

struct store {
	struct world *world;
	struct database *db;
	struct instance *instance; /* NULL: the operator's */
	bool broken, open; /* a batch is open */
	bool locked; /* its lanes are locked */
	size_t n;
	int32_t lane[LANES_LOCKED_MAX];
	int64_t epoch[LANES_LOCKED_MAX];
};

/* ---- databases ---------------------------------------------------------------------------------------------------------------- */

void database_init(struct database *db, enum sim_service s)
{
	const struct core *core = sim_run_service(s)->core;

	*db = (struct database){ .service = s };
	CHECK(core->n_tables + RUN_TABLES_N + 1 <= ARRAY_LEN(db->tables));
	memcpy(db->tables, core->tables, core->n_tables * sizeof(*db->tables));
	memcpy(db->tables + core->n_tables, run_tables, sizeof(run_tables));
	db->tables[core->n_tables + RUN_TABLES_N] = &moved_table;
	db->n_tables = core->n_tables + RUN_TABLES_N + 1;
	db->mem = mem_new(db->tables, db->n_tables);
}

void database_free(struct database *db)
{
	mem_copy_free(db->copy);
	mem_free(db->mem);
	*db = (struct database){ 0 };
}

/* Whoever owns a lane meets another epoch afterwards. */
void database_swap(struct world *w, struct database *live, struct database *shadow)
{
	size_t n, m;
	const void *const *is = mem_rows(shadow->mem, &lane_table, &n), *const *was = mem_rows(live->mem, &lane_table, &m);

	for (size_t i = 0; i < n; i++) {
		struct lane_row row = *(const struct lane_row *)is[i];
		for (size_t k = 0; k < m; k++)
			if (((const struct lane_row *)was[k])->lane == row.lane)
				row.epoch = MAX(row.epoch, ((const struct lane_row *)was[k])->epoch);
		row.epoch++;
		mem_set(shadow->mem, &lane_table, &row);
	}
	is = mem_rows(live->mem, &moved_table, &n);
	for (size_t i = 0; i < n; i++)
		mem_set(shadow->mem, &moved_table, is[i]);
	struct mem *before = live->mem;
	live->mem = shadow->mem;
	shadow->mem = before;
	mem_copy_free(live->copy); /* of the twin that is gone */
	live->copy = NULL;
	live->birth++;
	invariants_restored(w->invariants, live->service);
}

struct mem *sim_mem(const struct world *w, enum sim_service s)
{
	return w->db[s].mem;
}

/* ---- locks of lane rows -------------------------------------------------------------------------------------------------------- */

static struct lane_lock *lock_of(struct database *db, int32_t lane)
{
	for (size_t i = 0; i < db->n_locks; i++)
		if (db->lock[i].lane == lane)
			return &db->lock[i];
	CHECK(db->n_locks < ARRAY_LEN(db->lock));
	db->lock[db->n_locks] = (struct lane_lock){ .lane = lane };
	return &db->lock[db->n_locks++];
}

static void unlock(struct store *s)
{
	for (size_t i = 0; i < s->n && s->locked; i++)
		lock_of(s->db, s->lane[i])->holder = NULL;
	s->locked = false;
}

/* In ascending order there is no deadlock, and nobody else gets a turn while we take them: all or none. */
static bool lock_all(struct store *s, const int32_t *lanes, size_t n)
{
	for (;;) {
		bool taken = false;

		for (size_t i = 0; i < n; i++) {
			struct store *holder = lock_of(s->db, lanes[i])->holder;
			taken = taken || (holder != NULL && holder != s);
		}
		if ((!taken && !s->db->held) || s->broken)
			break;
		task_sleep(LOCK_WAIT_US);
	}
	if (s->broken)
		return false;
	for (size_t i = 0; i < n; i++)
		lock_of(s->db, lanes[i])->holder = s;
	return true;
}

void database_hold(struct world *w, struct database *db)
{
	bool busy = true;

	(void)w;
	db->held = true;
	while (busy) {
		busy = false;
		for (size_t i = 0; i < db->n_locks; i++)
			busy = busy || db->lock[i].holder != NULL;
		if (busy)
			task_sleep(LOCK_WAIT_US);
	}
}

static void end(struct store *s)
{
	unlock(s);
	s->open = false;
}

void store_crashed(struct store *s)
{
	if (s != NULL)
		end(s);
}

void database_kick(struct world *w, enum sim_service s)
{
	for (int slot = 0; slot < SLOTS; slot++) {
		struct store *store = w->instance[s][slot].store;
		if (store == NULL)
			continue;
		end(store);
		store->broken = true;
	}
}

/* ---- what may go wrong at a call ---------------------------------------------------------------------------------------------------- */

static bool lost(struct store *s, struct err *err)
{
	end(s);
	s->broken = true;
	return err_set(err, ERR_RETRY, "store_lost", "the connection to the database ended");
}

static bool fine(struct store *s, const char *where, struct err *err)
{
	struct world *w = s->world;
	uint32_t arg;

	task_point(where);
	if (s->broken || s->db->away_until_us > w->now_us || (s->instance != NULL && fault_here(w, FAULT_STORE_LOST, &arg)))
		return lost(s, err);
	if (s->instance != NULL && fault_here(w, FAULT_STORE_BUSY, &arg)) {
		end(s);
		return err_set(err, ERR_RETRY, "store_busy", "deadlock detected");
	}
	return true;
}

/* BEGIN and the fence travel with the first load or save. */
static bool fence(struct store *s, struct err *err)
{
	if (s->locked)
		return true;
	if (!lock_all(s, s->lane, s->n))
		return lost(s, err);
	s->locked = true;
	for (size_t i = 0; i < s->n; i++) {
		size_t n, at = 0;
		const void *const *rows = mem_rows(s->db->mem, &lane_table, &n);
		while (at < n && ((const struct lane_row *)rows[at])->lane != s->lane[i])
			at++;
		if (at == n || ((const struct lane_row *)rows[at])->epoch != s->epoch[i]) {
			end(s);
			return err_set(err, ERR_FENCED, "store_fenced", "a lane has another owner");
		}
	}
	return true;
}

/* ---- store/store.h: connection -------------------------------------------------------------------------------------------------------- */

static struct store *new_store(struct world *w, struct database *db, struct instance *in)
{
	struct store *s = ARENA_NEW(w->arena, struct store);

	*s = (struct store){ .world = w, .db = db, .instance = in };
	return s;
}

struct store *store_on(struct world *w, struct database *db)
{
	return new_store(w, db, NULL);
}

bool store_open(const char *conninfo, struct err *err, struct store **ret_store)
{
	struct world *w = sim_world;
	struct instance *in = w->running->instance;

	(void)conninfo;
	task_point("connecting to its database");
	if (w->db[in->service].away_until_us > w->now_us)
		return err_set(err, ERR_RETRY, "store_lost", "connection refused");
	in->store = *ret_store = new_store(w, &w->db[in->service], in);
	return true;
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	end(s);
	if (s->instance != NULL && s->instance->store == s)
		s->instance->store = NULL;
}

bool store_is_broken(const struct store *s)
{
	return s->broken;
}

void store_look(struct store *s)
{
	if (s->db->away_until_us > s->world->now_us)
		s->broken = true;
}

bool store_prepare(struct store *s, const struct table *const *tables, size_t n, struct err *err)
{
	(void)tables, (void)n;
	return fine(s, "preparing statements", err);
}

bool store_check_migrated(struct store *s, const struct store_migration *m, size_t n, struct err *err)
{
	(void)s, (void)m, (void)n, (void)err;
	return true;
}

/* ---- lanes ---------------------------------------------------------------------------------------------------------------------------- */

static const struct lane_row *lane_row_of(struct database *db, int32_t lane)
{
	size_t n;
	const void *const *rows = mem_rows(db->mem, &lane_table, &n);

	for (size_t i = 0; i < n; i++)
		if (((const struct lane_row *)rows[i])->lane == lane)
			return rows[i];
	return NULL;
}

bool store_take_lanes(struct store *s, const int32_t *lanes, size_t n, const char *owner, struct err *err, int64_t *ret_epochs)
{
	(void)owner;
	CHECK(!s->open);
	if (!fine(s, "taking lanes", err))
		return false;
	if (!lock_all(s, lanes, n))
		return lost(s, err);
	for (size_t i = 0; i < n; i++) {
		const struct lane_row *is = lane_row_of(s->db, lanes[i]);
		struct lane_row row = is != NULL ? *is : (struct lane_row){ .lane = lanes[i] };
		ret_epochs[i] = ++row.epoch;
		mem_set(s->db->mem, &lane_table, &row);
		lock_of(s->db, lanes[i])->holder = NULL;
	}
	task_point("having taken lanes");
	return true;
}

bool store_lane_epochs(struct store *s, const int32_t *lanes, size_t n, struct err *err, int64_t *ret_epochs)
{
	if (!fine(s, "reading epochs", err))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct lane_row *is = lane_row_of(s->db, lanes[i]);
		ret_epochs[i] = is != NULL ? is->epoch : 0;
	}
	return true;
}

/* ---- a batch ------------------------------------------------------------------------------------------------------------------------------ */

bool store_begin(struct store *s, const int32_t *lanes, const int64_t *epochs, size_t n, struct err *err)
{
	CHECK(!s->open && n <= LANES_LOCKED_MAX);
	if (s->broken)
		return lost(s, err);
	for (size_t i = 0; i < n; i++) {
		s->lane[i] = lanes[i];
		s->epoch[i] = epochs[i];
	}
	s->n = n;
	s->open = true;
	s->locked = false;
	return true;
}

bool store_load(struct store *s, struct book *book, struct err *err)
{
	uint32_t arg;

	if (s->broken)
		return lost(s, err);
	CHECK(s->open);
	if (!book_has_questions(book))
		return true;
	if (!fine(s, "loading", err) || !fence(s, err))
		return false;
	if (s->instance != NULL && fault_here(s->world, FAULT_POISONED_BATCH, &arg)) {
		end(s);
		return err_set(err, ERR_STOP, "store_refused", "the server refuses this batch");
	}
	mem_load(s->db->mem, book);
	return true;
}

/* A key that another lane has just committed: the next attempt sees it. Within one lane it is a bug. */
static bool insert_twice(struct database *db, const struct table *const *tables, size_t n_tables, struct book *book,
			 struct err *err)
{
	for (size_t t = 0; t < n_tables; t++) {
		const struct table *table = tables[t];
		size_t n, n_rows;
		if ((table->flags & (TABLE_APPEND | TABLE_RACE)) != (TABLE_APPEND | TABLE_RACE))
			continue;
		struct book_change *changes = book_changes(book, table, &n);
		const void *const *rows = mem_rows(db->mem, table, &n_rows);
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < n_rows; k++) {
				bool same = true;
				for (int c = 0; c < table->n_cols && same; c++)
					same = !(table->cols[c].flags & COL_KEY) ||
					       col_compare(&table->cols[c], changes[i].row, rows[k]) == 0;
				if (same)
					return !err_set(err, ERR_RETRY, "store_duplicate", "table %s: a race", table->name);
			}
	}
	return false;
}

bool store_save_commit(struct store *s, const struct table *const *tables, size_t n, struct book *book, struct err *err)
{
	struct world *w = s->world;
	uint32_t arg;

	if (s->broken)
		return lost(s, err);
	CHECK(s->open);
	if (!fine(s, "saving", err) || !fence(s, err))
		return false;
	if (insert_twice(s->db, tables, n, book, err) || !mem_save_tables(s->db->mem, tables, n, book, err)) {
		end(s);
		return false;
	}
	end(s);
	s->db->commits++;
	if (s->db == &w->db[s->db->service])
		w->commit_of = (int)s->db->service;
	if (w->running != NULL)
		task_pause(); /* the scheduler looks at the commit before anything else happens */
	if (s->broken || fault_here(w, FAULT_COMMIT_UNKNOWN, &arg)) {
		s->broken = true;
		return err_set(err, ERR_RETRY, "store_lost", "the connection ended while COMMIT was on its way");
	}
	task_point("the answer to COMMIT");
	return true;
}

void store_abort(struct store *s)
{
	end(s);
}

/* ---- the few queries that are plain SQL ------------------------------------------------------------------------------------------------------ */

#define CELL_BYTES  200
#define COLUMNS_MAX 6

struct store_result {
	size_t rows, columns, cap;
	const char *name[COLUMNS_MAX];
	char (*cell)[CELL_BYTES];
};

static char *add_cell(struct store_result *r, size_t row, size_t column)
{
	size_t at = row * r->columns + column;

	if (at >= r->cap) {
		r->cap = r->cap == 0 ? 64 : r->cap * 2;
		r->cell = realloc(r->cell, r->cap * sizeof(*r->cell));
		CHECK(r->cell != NULL);
	}
	r->rows = MAX(r->rows, row + 1);
	return r->cell[at];
}

static void add_state(struct store_result *r, const int64_t number[4], struct text topic, struct text stopped)
{
	size_t row = r->rows;

	for (size_t c = 0; c < 6; c++) {
		char *cell = add_cell(r, row, c);
		if (c == 1 || c == 5)
			snprintf(cell, CELL_BYTES, TEXT_FMT, TEXT_ARG(c == 1 ? topic : stopped));
		else
			snprintf(cell, CELL_BYTES, "%lld", (long long)number[c == 0 ? 0 : c - 1]);
	}
}

/* What settle.c asks: lanes, then positions; it does not depend on the order between lanes. */
static void lane_states(struct store_result *r, struct database *db)
{
	size_t n;
	const void *const *rows = mem_rows(db->mem, &lane_table, &n);

	r->columns = 6;
	for (size_t i = 0; i < n; i++) {
		const struct lane_row *l = rows[i];
		add_state(r, (int64_t[4]){ l->lane, -1, l->seq, l->published_seq }, TEXT(""), l->stopped);
	}
	rows = mem_rows(db->mem, &position_table, &n);
	for (size_t i = 0; i < n; i++) {
		const struct position_row *p = rows[i];
		add_state(r, (int64_t[4]){ p->lane, p->partition, p->next_offset, 0 }, p->topic, TEXT(""));
	}
}

bool store_query(struct store *s, const char *sql, int n_params, const char *const *params, struct err *err,
		 struct store_result **ret)
{
	struct store_result *r;

	(void)n_params, (void)params;
	if (!fine(s, "asking its database", err))
		return false;
	r = calloc(1, sizeof(*r));
	CHECK(r != NULL);
	if (strstr(sql, "FROM birth") != NULL) {
		r->columns = 1;
		r->name[0] = "id";
		snprintf(add_cell(r, 0, 0), CELL_BYTES, "database-of-%s-%d", sim_run_service(s->db->service)->core->name,
			 s->db->birth);
	} else if (strstr(sql, "FROM lane UNION ALL") != NULL) {
		lane_states(r, s->db);
	} /* gauges: no rows */
	*ret = r;
	return true;
}

void store_result_free(struct store_result *r)
{
	if (r == NULL)
		return;
	free(r->cell);
	free(r);
}

void store_result_freep(struct store_result **r)
{
	store_result_free(*r);
}

size_t store_result_rows(const struct store_result *r)
{
	return r->rows;
}

struct text store_result_cell(const struct store_result *r, size_t row, size_t column)
{
	CHECK(row < r->rows && column < r->columns);
	return text_of(r->cell[row * r->columns + column]);
}

struct text store_result_text(const struct store_result *r, size_t row, const char *column)
{
	for (size_t c = 0; c < r->columns; c++)
		if (r->name[c] != NULL && strcmp(r->name[c], column) == 0)
			return store_result_cell(r, row, c);
	NOT_REACHED("a column of the result");
}

int64_t store_result_i64(const struct store_result *r, size_t row, const char *column)
{
	int64_t n = 0;

	CHECK(text_parse_i64(store_result_text(r, row, column), &n));
	return n;
}
