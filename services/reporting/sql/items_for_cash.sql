-- Open amount of every item, to be compared with cash's own. No parameters.
-- Columns: account, document_id, sequence, entity, currency, open (minor units, debit +, credit -); only items that are not closed.
SELECT account, document_id, sequence, entity, currency, open_minor AS open
FROM item WHERE open_minor <> 0
ORDER BY account, document_id, sequence;
