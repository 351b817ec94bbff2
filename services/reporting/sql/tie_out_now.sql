-- Cheap tie-out for a metric after every batch: a few rows per lane. No parameters.
-- Columns: entity, currency, items (as the business events tell it), control (AR control of the journal), difference. Minor units.
SELECT entity, currency, sum(items_minor)::bigint AS items, sum(control_minor)::bigint AS control,
	sum(items_minor - control_minor)::bigint AS difference
FROM tie_out GROUP BY entity, currency ORDER BY entity, currency;
