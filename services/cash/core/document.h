/*
 * document: what billing issued, as cash keeps it: items, and the references that name them. Pure.
 *
 * Items of billing are a copy (note): they are made once and never overwritten, because from then on only cash changes
 * their open amount.
 */
#ifndef OPENITEM_CASH_DOCUMENT_H
#define OPENITEM_CASH_DOCUMENT_H

#include "book/book.h"
#include "ev/billing.h"

/* The document of a billing event, or NULL. */
const struct billing_document_issued *cash_document_of(const struct billing_event *event);

void cash_document_want(struct book *book, const struct input *input);
void cash_document_note(struct book *book, const struct input *input);
/* A credit memo that names an invoice is applied to it at once, up to its open amount; the rest is an open credit (CSH-17). */
enum decided cash_document_decide(struct decision *d);

#endif
