#include "take_on.h"

#include "invoice.h"

enum refusal bil_take_on_check(const struct crm_opening_item *item)
{
	bool has_original = item->original.currency[0] != '\0';

	if (has_original && memcmp(item->original.currency, item->open.currency, sizeof(item->open.currency)) != 0)
		return REFUSE_CURRENCY_MISMATCH;
	if (item->open.minor <= 0 || (has_original && item->original.minor < item->open.minor))
		return REFUSE_OPEN_EXCEEDS_ORIGINAL;
	return REFUSE_NOTHING;
}

static enum billing_document_type type_of(enum crm_opening_kind kind)
{
	switch (kind) {
	case CRM_OPENING_KIND_INVOICE:
		return BILLING_DOCUMENT_TYPE_INVOICE;
	case CRM_OPENING_KIND_DEBIT_MEMO:
		return BILLING_DOCUMENT_TYPE_DEBIT_MEMO;
	case CRM_OPENING_KIND_CREDIT_MEMO:
		return BILLING_DOCUMENT_TYPE_CREDIT_MEMO;
	case CRM_OPENING_KIND_UNAPPLIED_RECEIPT:
		return BILLING_DOCUMENT_TYPE_RECEIPT;
	case CRM_OPENING_KIND_UNSPECIFIED:
		break;
	}
	NOT_REACHED("a kind of opening item");
	return BILLING_DOCUMENT_TYPE_UNSPECIFIED;
}

void bil_take_on_make(struct arena *arena, const struct crm_opening_item *item, struct billing_document_issued *doc)
{
	int64_t original = item->original.currency[0] != '\0' ? item->original.minor : item->open.minor;
	bool credit = item->kind == CRM_OPENING_KIND_CREDIT_MEMO || item->kind == CRM_OPENING_KIND_UNAPPLIED_RECEIPT;
	int64_t sign = credit ? -1 : 1;

	doc->type = type_of(item->kind);
	doc->external_number = item->external_number;
	doc->entity = item->entity;
	doc->currency_code = text_of(item->open.currency);
	doc->issue_date = item->document_date;
	doc->accounting_date = item->accounting_date;
	doc->order_id = item->order_id;
	doc->customer_po = item->customer_po;
	doc->net_minor = doc->gross_minor = original;
	doc->dunning_level = item->dunning_level;
	doc->taken_on = true;
	bil_invoice_item(arena, doc, item->due_date, sign * original, sign * item->open.minor);
}

struct text bil_take_on_content(struct arena *arena, const struct billing_document_issued *doc)
{
	struct billing_document_issued without_id = *doc;
	struct buf b = { .arena = arena };
	struct id_hash hash;

	without_id.document_id = TEXT_NONE;
	wire_print(&billing_document_issued_msg, &without_id, &b);
	id_sha256(b.s, b.n, &hash);
	return (struct text){ arena_dup(arena, hash.b, sizeof(hash.b)), sizeof(hash.b) };
}
