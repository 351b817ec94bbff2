#!/usr/bin/python3
"""Writes limits.txt: cases with more rows than anyone wants to type. `python3 limits.py > limits.txt`"""

HEAD = """# Limits (LEDGER section 4: APPLY_ITEMS_MAX) and work that takes several transactions. Written by limits.py: do not edit.

default customer_recorded
| account | effective_from | legal_name | payer_references[0].kind | payer_references[0].value | apply_oldest_first |
| C1      | 2026-01-01     | Acme GmbH  | bank_account             | IBAN1                     | true               |
default line_booked
| bank_account | line_id | entity | kind    | amount     | booking_date | payer_bank_account |
| B1           | L1      | DE01   | payment | 301.00 EUR | 2026-03-10   | IBAN1              |
default billing.invoice_issued
| account | document_id | type    | entity | currency_code | issue_date | accounting_date | items[].sequence | items[].due_date | items[].original_minor | items[].open_minor |
| C1      | D1          | invoice | DE01   | EUR           | 2026-02-01 | 2026-02-01      | 1                | 2026-03-03       | 100                    | 100                |
default billing.credit_memo_issued
| account | document_id | type        | entity | currency_code | issue_date | accounting_date | items[].sequence | items[].due_date | items[].original_minor | items[].open_minor |
| C1      | M1          | credit_memo | DE01   | EUR           | 2026-02-05 | 2026-02-05      | 1                | 2026-02-05       | -100                   | -100               |
default day_opened
| business_date | entities |
| 2026-03-12    | DE01     |
"""


def documents(event, letter, n):
    print(event)
    print("| document_id |")
    for i in range(n):
        print("| %s%03d |" % (letter, i + 1))


def case(title, text):
    print("\ncase " + title)
    print(text.strip())


print(HEAD, end="")

case("L4.3 Rules 2 and 3 look at no more than 256 open items", """
given
customer_recorded
| apply_oldest_first |
| false              |""")
documents("billing.invoice_issued", "D", 257)
print("""line_booked
| amount   |
| 1.00 EUR |
when
deliver
then
transfer_accepted
left_unapplied
| amount   | reason         | explanation.because                  | outcome.final |
| 1.00 EUR | too_many_items | 256+ open items, 0 open credits      | true          |""")

case("L4.3 256 are looked at", """
given
customer_recorded
| apply_oldest_first |
| false              |""")
documents("billing.invoice_issued", "D", 256)
print("""line_booked
| amount     |
| 256.00 EUR |
when
deliver
then
transfer_accepted
applied
| n_applications | applications[255].debit.document_id | explanation.rule_id | outcome.final |
| 256            | D256                                | all_due             | true          |""")

case("L4.3 A PO over more than 256 invoices", """
given
customer_recorded
billing.invoice_issued
| document_id | customer_po |""")
for i in range(257):
    print("| D%03d | PO-77001 |" % (i + 1))
print("""line_booked
| remittance_text |
| PO-77001        |
when
deliver
then
transfer_accepted
left_unapplied
| reason         | explanation.rule_id |
| too_many_items | reference           |""")

case("L4.2.4 Oldest due first, undoing, return and send-back go on in parts", """
given
customer_recorded
day_opened""")
documents("billing.invoice_issued", "D", 300)
print("""when
line_booked
deliver
then
line_posted
transfer_sent
transfer_accepted
| document_id | outcome.part | outcome.final |
| @first      | 1            | false         |
applied
| n_applications | applications[0].debit.document_id | explanation.rule_id | outcome.part | outcome.final |
| 256            | D001                              | oldest_first        | 2            | false         |
| 44             | D257                              | oldest_first        | 3            | false         |
left_unapplied
| amount   | reason | outcome.part | outcome.final |
| 1.00 EUR | excess | 4            | true          |
when
unapply
| account | credit.document_id | credit.sequence | expected_version |
| C1      | @first             | 1               | 3                |
then
unapplied
| n_applications | reason     | outcome.final |
| 256            | by_command | false         |
| 44             | by_command | true          |
when
line_booked
| line_id |
| L2      |
deliver
then
line_posted
transfer_sent
transfer_accepted
| document_id |
| @second     |
applied
| n_applications | applications[0].credit.document_id |
| 256            | @first                             |
| 44             | @first                             |
left_unapplied
| credit.document_id | amount     | reason |
| @second            | 301.00 EUR | excess |
when
line_returned
| bank_account | line_id | entity | returned_line_id | amount     | booking_date |
| B1           | R1      | DE01   | L1               | 301.00 EUR | 2026-03-11   |
deliver
then
return_posted
return_passed_on
unapplied
| n_applications | reason | outcome.part | outcome.final |
| 256            | return | 1            | false         |
| 44             | return | 2            | false         |
return_settled
| document_id | accounting_date | entries[1].accounting_date | outcome.part | outcome.final |
| @first      | 2026-03-11      | 2026-03-11                 | 3            | true          |
when
line_booked
| line_id | amount   |
| L3      | 1.00 EUR |
deliver
then
line_posted
transfer_sent
transfer_accepted
applied
| n_applications | applications[0].credit.document_id | explanation.rule_id |
| 256            | @second                            | oldest_first        |
| 44             | @second                            | oldest_first        |
left_unapplied
when
send_back
| account | document_id | expected_version |
| C1      | @second     | 3                |
deliver
then
unapplied
| n_applications | reason    | outcome.final |
| 256            | send_back | false         |
| 44             | send_back | false         |
transfer_sent
| amount     | outcome.final |
| 301.00 EUR | true          |
transfer_accepted
| account |
| ~B1     |""")

case("L4.2.4 More than 256 open credits are used before cash", """
given
customer_recorded
billing.invoice_issued
| items[].original_minor | items[].open_minor |
| 60000                  | 60000              |""")
documents("billing.credit_memo_issued", "M", 257)
print("""when
line_booked
deliver
then
line_posted
transfer_sent
transfer_accepted
applied
| n_applications | applications[0].credit.document_id |
| 256            | M001                               |
| 2              | M257                               |""")

case("L4.3 More than 256 open credits", """
given
customer_recorded
| apply_oldest_first |
| false              |
billing.invoice_issued
| items[].original_minor | items[].open_minor |
| 30100                  | 30100              |""")
documents("billing.credit_memo_issued", "M", 257)
print("""when
line_booked
deliver
then
line_posted
transfer_sent
transfer_accepted
left_unapplied
| reason         | explanation.because                  |
| too_many_items | 1 open items, 256+ open credits      |""")


def waiting(names):
    print("line_booked")
    print("| line_id | payer_name | payer_bank_account |")
    for i in range(250):
        print("| L%03d | %s | - |" % (i + 1, names.get(i + 1, "Nobody")))


case("L4.1c Many waiting lines: the day takes several transactions and has exactly one final outcome", "given")
waiting({7: "Acme GmbH"})
print("""customer_recorded
when
day_opened
then
transfer_sent
| line_id | outcome.part | outcome.final |
| L007    | 1            | true          |""")

case("L4.1c Findings on several pages", "given")
waiting({i: "Acme GmbH" for i in range(3, 251, 60)})
print("""customer_recorded
when
day_opened
then
transfer_sent
| outcome.part | outcome.final | accounting_date |
| 1            | false         | 2026-03-12      |
| 2            | false         | 2026-03-12      |
| 3            | false         | 2026-03-12      |
| 4            | false         | 2026-03-12      |
| 5            | true          | 2026-03-12      |
when
day_opened
then
none""")

case("CSH-01 Lines that add up to more than a number holds: their statement does not tie out, and nothing stops", "given")
print("line_returned")
print("| bank_account | line_id | statement_id | entity | amount                | fee                   | booking_date |")
for i in range(1153):
    print("| B1 | R%04d | S1 | DE01 | 40000000000000.00 EUR | 40000000000000.00 EUR | 2026-03-10 |" % (i + 1))
print("""when
statement_closed
| bank_account | statement_id | entity | opening  | closing  | booking_date |
| B1           | S1           | DE01   | 0.00 EUR | 0.00 EUR | 2026-03-11   |
then
statement_checked
| lines_minor          | line_count | ties_out |
| -9216000000000000000 | 1153       | false    |""")
