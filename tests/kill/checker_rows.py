"""The projections in PostgreSQL, read row by row, against the streams: what reporting, cash and collections keep is what the records say."""
import collections

import checker_ledger as ledger

LEDGER_ACCOUNTS = {"ar": 1, "ar_unapplied": 2, "ar_on_account": 3, "revenue": 4, "deferred_revenue": 5, "tax_payable": 6, "opening_balance": 7, "bank_clearing": 8,
                   "unidentified_receipts": 9, "money_in_transit": 10, "returned_items_suspense": 11, "bank_charges": 12}


def check_rows(source, find, gate, books):
    items(source, find, books)
    journal(source, find, books)
    records(source, find, gate, books)
    outcomes(source, find, books)
    inbox(source, find, gate)
    documents(source, find, books)
    applications(source, find, books)
    lanes(source, find)


def items(source, find, books):
    got = {}
    for lane, account, document, sequence, entity, currency, due, original, open_minor, brought, applied, kind in source.rows(
            "reporting", "SELECT lane, account, document_id, sequence, entity, currency, due_date, original_minor, open_minor, brought_minor, applied_minor, kind"
            " FROM reporting.item"):
        key = (document, int(sequence))
        if key in got:
            find("projection", f"reporting.item: {key} stands twice")
        got[key] = int(open_minor)
        mine = books.items.get(key)
        if int(open_minor) != int(brought) + int(applied):
            find("projection", f"reporting.item {key}: open {open_minor} is not brought {brought} + applied {applied}")
        if mine is None:
            if kind != "return" or int(open_minor):
                find("projection", f"reporting.item {key} of {account}: nobody made it ({kind}, open {open_minor})")
            continue
        if (mine.account, mine.lane, mine.entity, mine.currency) != (account, int(lane), entity, currency):
            find("projection", f"reporting.item {key}: {account} {lane} {entity} {currency}, the streams say {mine.account} {mine.lane} {mine.entity} {mine.currency}")
        if mine.open != int(open_minor):
            find("open item", f"reporting.item {key} of {account} due {due}: open {open_minor}, the streams say {mine.open}")
        if mine.original != int(original) or (mine.due is not None and mine.due != due):
            find("projection", f"reporting.item {key}: original {original} due {due}, the streams say {mine.original} due {mine.due}")
    for key, mine in books.items.items():
        if key not in got:
            find("open item", f"reporting.item: {key} of {mine.account}, open {mine.open}, is missing")
    for table, where in (("cash.item", ""), ("collections.item", " WHERE known")):
        seen = {}
        for document, sequence, open_minor in source.rows(table.split(".")[0], f"SELECT document_id, sequence, open_minor FROM {table}{where}"):
            seen[(document, int(sequence))] = int(open_minor)
        for key, mine in books.items.items():
            if table == "collections.item" and mine.ledger == ledger.UNIDENTIFIED:
                continue
            if key in seen and seen[key] != mine.open or key not in seen and mine.open:
                find("open item", f"{table} {key} of {mine.account}: open {seen.get(key)}, the streams say {mine.open}")


def journal(source, find, books):
    sums, of_items = collections.Counter(), collections.Counter()
    for account_name, entity, currency, minor, account, document, sequence in source.rows(
            "reporting", "SELECT ledger_account, entity, currency, amount_minor, account, document_id, item_sequence FROM reporting.ledger_line"):
        n = LEDGER_ACCOUNTS.get(account_name)
        sums[(entity, currency, n)] += int(minor)
        if n in ledger.WITH_ITEMS:
            of_items[(n, account, document, int(sequence))] += int(minor)
    differences(find, "ledger", "reporting.ledger_line", sums, books.journal)
    differences(find, "ledger", "reporting.ledger_line by item", of_items, books.lines)
    totals = collections.Counter()
    for account_name, entity, currency, debit, credit in source.rows("reporting", "SELECT ledger_account, entity, currency, debit_minor, credit_minor FROM reporting.day_total"):
        totals[(entity, currency, LEDGER_ACCOUNTS.get(account_name))] += int(debit) - int(credit)
    differences(find, "ledger", "reporting.day_total", totals, books.journal)


def differences(find, rule, what, got, expected):
    for key in set(got) | set(expected):
        if got.get(key, 0) != expected.get(key, 0):
            find(rule, f"{what} {key}: {got.get(key, 0)}, the streams say {expected.get(key, 0)}")


def records(source, find, gate, books):
    """Reporting keeps each record once, as it was, and numbers them without a gap."""
    expected = dict(books.records)
    expected.update({("intake", lane, seq): h for (lane, seq), h in gate.all_links.items()})
    numbers = collections.defaultdict(list)
    for lane, service, source_lane, seq, ledger_seq, hash_hex in source.rows(
            "reporting", "SELECT lane, service, source_lane, seq, ledger_seq, encode(hash, 'hex') FROM reporting.audit_record"):
        numbers[int(lane)].append(int(ledger_seq))
        h = expected.pop((service, int(source_lane), int(seq)), None)
        if h is None or h.hex() != hash_hex:
            find("lost" if h is None else "altered", f"reporting.audit_record {service} lane {source_lane} seq {seq}: not in the streams, or twice, or other bytes")
    for key in list(expected)[:20]:
        find("lost", f"reporting.audit_record: {key} is missing ({len(expected)} in all)")
    for lane, found in numbers.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            find("sequence", f"reporting.audit_record lane {lane}: ledger_seq is not 1..{len(found)}")


def outcomes(source, find, books):
    """The outbox of each service is its stream."""
    for service in ("billing", "cash", "collections"):
        left = {(lane, seq) for s, lane, seq in books.records if s == service}
        for lane, seq, hash_hex in source.rows(service, f"SELECT lane, seq, encode(hash, 'hex') FROM {service}.outcome"):
            key = (int(lane), int(seq))
            left.discard(key)
            if books.records.get((service, *key), b"").hex() != hash_hex:
                find("lost", f"{service}.outcome lane {lane} seq {seq}: not in its topic, or with other bytes")
        for lane, seq in sorted(left)[:20]:
            find("invented", f"the stream of {service} holds lane {lane} seq {seq}, its table does not")
    waiting = {("ar.intake.v1", int(p), int(o)) for p, o in source.rows("billing", "SELECT cause_partition, cause_offset FROM billing.parked")}
    for cause in waiting ^ set(books.parked):
        find("parked", f"{cause}: waits in {'billing.parked' if cause in waiting else 'the stream'} only")


def inbox(source, find, gate):
    known = set()
    for origin, event_id, hash_hex in source.rows("intake", "SELECT source, event_id, encode(payload_hash, 'hex') FROM intake.inbox"):
        known.add((origin, event_id))
        place = next(iter(gate.accepted.get((origin, event_id), ())), None)
        if place is None or gate.content.get((origin, event_id), b"").hex() != hash_hex:
            find("inbox", f"intake.inbox: {origin} {event_id} was never let through, or with another content")
    for identity in set(gate.accepted) - known:
        find("inbox", f"intake.inbox: {identity} was let through and is missing")


def documents(source, find, books):
    got = {d: (a, n, int(g)) for d, a, n, g in source.rows("reporting", "SELECT document_id, account, number, gross_minor FROM reporting.document")}
    for id, mine in books.documents.items():
        if got.get(id) != mine[:3]:
            find("projection", f"reporting.document {id}: {got.get(id)}, the stream says {mine[:3]}")
    for id in set(got) - set(books.documents):
        find("projection", f"reporting.document {id}: nobody issued it")


def applications(source, find, books):
    for table, query in (("reporting.application", "SELECT application_id, amount_minor, undone_on IS NULL FROM reporting.application"),
                         ("cash.application", "SELECT application_id, amount_minor, in_force FROM cash.application")):
        got = {i: [int(m), f == "t"] for i, m, f in source.rows(table.split(".")[0], query)}
        for id in set(got) | set(books.applications):
            if got.get(id) != books.applications.get(id):
                find("projection", f"{table} {id}: {got.get(id)}, the stream says {books.applications.get(id)}")


def lanes(source, find):
    for service in ("intake", "billing", "cash", "collections", "reporting"):
        for lane, stopped, seq, published in source.rows(service, f"SELECT lane, stopped, seq, published_seq FROM {service}.lane"):
            if stopped:
                find("stopped", f"{service} lane {lane}: {stopped}")
            if seq != published:
                find("lost", f"{service} lane {lane}: {int(seq) - int(published)} outcomes are not published")
