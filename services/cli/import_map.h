/*
 * import_map: how columns of a CSV file become events, for `openitem import`. A map is a text file, one statement per line, # begins a comment:
 *
 *	source URI                              ce_source of every event
 *	cut-over                                the command needs --cut-over DATE; {cut-over} and `on cut-over` are that day
 *	column NAME TYPE [optional] [unique]    the file must have it. TYPE: text | number (text; a ".0" at its end is cut) |
 *	                                        amount (decimal, . as point) | date FORMAT[|FORMAT]  with m/d/y, y-m-d, yyyymmdd
 *	event NAME                              an event of an external topic, by the name of its oneof member: order_booked
 *	  on {COLUMN} | first | cut-over        business date; an empty optional column: no event. first = the earliest date of the file
 *	  once TEMPLATE                         one event per different value, made from the first row that has it
 *	  id TEMPLATE                           ce_id
 *	  PATH = TEMPLATE                       a field (wire.h: paths and values as people write them)
 *	  more {COLUMN} PATH = TEMPLATE         with `once`: for every further value of that column among its rows; [+] in the path is the
 *	                                        next element, [=] the one just made
 *
 * TEMPLATE is text with {COLUMN}, {first}, {cut-over}, and, with `once`, {ordinal}: 01, 02 ... 0Z, 10 ... in order of appearance.
 */
#ifndef CLI_IMPORT_MAP_H
#define CLI_IMPORT_MAP_H

#include "arena/arena.h"
#include "err/err.h"
#include "wire/topics.h"

#define MAP_COLUMNS_MAX 64
#define MAP_EVENTS_MAX  32
#define MAP_FIELDS_MAX  64

enum map_type { MAP_TEXT, MAP_NUMBER, MAP_AMOUNT, MAP_DATE };

struct map_column {
	struct text name;
	enum map_type type;
	struct text formats;
	bool optional, unique;
	size_t at; /* column of the file */
};

struct map_field {
	struct text path, value;
	struct text more; /* column; empty = always */
};

struct map_event {
	struct text name;
	const struct wire_topic *topic;
	struct text on, once, id;
	struct map_field field[MAP_FIELDS_MAX];
	size_t n_fields;
};

struct import_map {
	struct text source;
	bool cut_over;
	struct map_column column[MAP_COLUMNS_MAX];
	size_t n_columns;
	struct map_event event[MAP_EVENTS_MAX];
	size_t n_events;
};

/* err: REJECT bad_map, msg begins with the line number. Texts point into `text`. */
bool import_map_parse(struct text text, struct arena *a, struct err *err, struct import_map **ret_map);

/* The maps that come with the tool, by name; empty when there is none. */
struct text import_map_shipped(struct text name);

#endif
