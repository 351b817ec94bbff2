/*
 * explain_words: a record of ar.intake, ar.billing, ar.cash or ar.collections in words a clerk can read. Pure. Texts of events stand in it as they
 * came: whoever prints them makes them safe (text_printable).
 */
#ifndef CLI_EXPLAIN_WORDS_H
#define CLI_EXPLAIN_WORDS_H

#include "arena/arena.h"
#include "ev/type.h"
#include "text/text.h"
#include "wire/wire.h"

/* What people call a document: "invoice DEI26-030000042K (order SO-17)". */
struct explain_names {
	struct text (*name)(void *ctx, struct text document_id); /* NULL: the id itself */
	void *ctx;
};

/* One line, without its end. msg: the message of the topic; body: its struct. */
struct text explain_words(const struct wire_msg *msg, const void *body, const struct explain_names *names, struct arena *a);

/* Of several applications in one record: the i-th, from 0. Empty when there is none. */
struct text explain_part(const struct wire_msg *msg, const void *body, size_t i, const struct explain_names *names,
			 struct arena *a);

/* How it came to be; NULL when absent. */
const struct type_provenance *explain_provenance(const struct wire_msg *msg, const void *body);

/* Why: the explanation of an automatic decision, or NULL. */
const struct type_explanation *explain_decision(const struct wire_msg *msg, const void *body);
/* "by rule reference, version 1: names DEI26-030000042K; tie: the older one". Empty when it says nothing. */
struct text explain_rule(const struct type_explanation *x, struct arena *a);

/* Candidates stand in the explanation only where a rule compared several: not in what a person or a document decided. */
#define EXPLAIN_CANDIDATES_MAX 16 /* type.proto: more are left out */
bool explain_is_automatic(const struct type_explanation *x);

/* What a decision took: the account a transfer goes to, or the items of its applications. */
struct explain_ids {
	struct text *id; /* account or document */
	int32_t *sequence; /* of the item */
	size_t n;
	bool documents;
};
struct explain_ids explain_chosen(const struct wire_msg *msg, const void *body, struct arena *a);
/* Was this candidate taken? Asked in the order of the candidates, the winner first: instalments of a document share its name, and only as many
 * were taken as there are items. */
bool explain_take(struct explain_ids *ids, struct text what);

/* Does this outcome of collections name the document (items of a notice or promise, item of a hold or block)? */
bool explain_names_document(const struct wire_msg *msg, const void *body, struct text document_id);

/* The journal of a record. */
const struct type_journal_entry *explain_entries(const struct wire_msg *msg, const void *body, size_t *ret_n);
/* "journal invoice on 2026-01-09: Dr ar 1190.00, Cr revenue 1000.00, Cr tax_payable 190.00 (VAT) EUR" */
struct text explain_entry(const struct type_journal_entry *e, struct arena *a);

#endif
