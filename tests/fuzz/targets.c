#include "targets.h"

#define KB 1024u

const struct fuzz_target fuzz_targets[] = {
	{ "gate-customer", target_gate_customer, 4 * KB },
	{ "gate-order", target_gate_order, 4 * KB },
	{ "gate-payment", target_gate_payment, 4 * KB },
	{ "gate-command", target_gate_command, 4 * KB },
	{ "gate-reference", target_gate_reference, 4 * KB },
	{ "gate-cloudevent-json", target_gate_cloudevent_json, 4 * KB },
	{ "gate-cloudevent-protobuf", target_gate_cloudevent_protobuf, 4 * KB },
	{ "gate-confluent", target_gate_confluent, 2 * KB },
	{ "json-in", target_json_in, 4 * KB },
	{ "json-out", target_json_out, 4 * KB },
	{ "cloudevent-json", target_cloudevent_json, 2 * KB },
	{ "inner", target_inner, 4 * KB },
	{ "packed", target_packed, 2 * KB },
	{ "csv", target_csv, 2 * KB },
	{ "import", target_import, 8 * KB },
	{ "words", target_words, 128 },
	{ "path", target_path, 1 * KB },
	{ "event-line", target_event_line, 4 * KB },
	{ "tail", target_tail, 2 * KB },
	{ "http", target_http, 512 },
	{ "books", target_books, 2 * KB },
};
const size_t fuzz_targets_n = ARRAY_LEN(fuzz_targets);
