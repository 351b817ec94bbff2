/* tables_cash: the text tables of cash. */
#include "harness.h"
#include "cash/cash.h"
#include "cash/core/names.h"
#include "cash/tables.h"

static bool item(const void *row, struct harness_item *ret_item)
{
	const struct cash_item_row *r = row;

	*ret_item = (struct harness_item){
		.account = r->account,
		.document_id = r->document_id,
		.sequence = r->sequence,
		.base_minor = r->brought_minor,
		.open_minor = r->open_minor,
	};
	return true;
}

int main(int argc, char **argv)
{
	const struct harness cash = {
		.service = &cash_service, .item_table = &cash_item_table, .item = item, .covers = cash_covers
	};

	return harness_main(&cash, argc, argv);
}
