-- Findings: a table or index of collections that is missing. No rows = fine.
SELECT t AS missing FROM unnest(ARRAY['item', 'paid', 'subject', 'block', 'hold', 'promise', 'customer', 'ladder',
	'business_day', 'item_open', 'promise_open']) AS t
WHERE to_regclass(current_schema() || '.' || t) IS NULL;
