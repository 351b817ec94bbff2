/* targets: one function per target; the table is in targets.c. */
#ifndef TESTS_FUZZ_TARGETS_H
#define TESTS_FUZZ_TARGETS_H

#include "fuzz.h"

/* target_gate.c */
void target_gate_customer(struct text bytes, struct arena *arena);
void target_gate_order(struct text bytes, struct arena *arena);
void target_gate_payment(struct text bytes, struct arena *arena);
void target_gate_command(struct text bytes, struct arena *arena);
void target_gate_reference(struct text bytes, struct arena *arena);
void target_gate_cloudevent_json(struct text bytes, struct arena *arena);
void target_gate_cloudevent_protobuf(struct text bytes, struct arena *arena);
void target_gate_confluent(struct text bytes, struct arena *arena);
/* target_codecs.c */
void target_json_in(struct text bytes, struct arena *arena);
void target_json_out(struct text bytes, struct arena *arena);
void target_cloudevent_json(struct text bytes, struct arena *arena);
void target_inner(struct text bytes, struct arena *arena);
void target_packed(struct text bytes, struct arena *arena);
/* target_tool.c */
void target_csv(struct text bytes, struct arena *arena);
void target_import(struct text bytes, struct arena *arena);
void target_words(struct text bytes, struct arena *arena);
void target_path(struct text bytes, struct arena *arena);
void target_event_line(struct text bytes, struct arena *arena);
void target_tail(struct text bytes, struct arena *arena);
/* target_http.c */
void target_http(struct text bytes, struct arena *arena);

/* target_books.c */
void target_books(struct text bytes, struct arena *arena);

#endif
