"""The services behind the gate: their streams folded record by record, every document, application and transfer worked out again by checker_ledger."""
import collections
import datetime as dt

import checker_ledger as ledger
import checker_wire as wire

CONSUMED = {  # which facts must be answered by exactly one final outcome, and by whom
    "billing": {"order_booked", "order_amended", "order_fulfilled", "order_cancelled", "opening_item"},
    "cash": {"line_booked", "line_returned", "statement_closed", "assign_payer", "send_back", "apply", "unapply"},
    "collections": {"set_block", "lift_block", "day_closed"},
}
TERMS_KINDS = {1: "TERMS_KIND_NET", 2: "TERMS_KIND_NET_END_OF_MONTH", 3: "TERMS_KIND_END_OF_MONTH_NET"}


class Item:
    __slots__ = ("account", "entity", "currency", "original", "open", "due", "ledger", "lane", "document_date", "since")

    def __init__(self, account, entity, currency, original, open, due, ledger_account, lane, since=0):
        self.account, self.entity, self.currency, self.original, self.open, self.due = account, entity, currency, original, open, due
        self.ledger, self.lane, self.since = ledger_account, lane, since


class Books:
    def __init__(self, source, find, gate):
        self.source, self.find, self.gate = source, find, gate
        self.items = {}  # (document, sequence) -> Item
        self.journal = collections.Counter()  # (entity, currency, ledger account) -> minor
        self.lines = collections.Counter()  # (ledger account, account, document, sequence) -> minor, of lines that name an item
        self.documents, self.applications, self.transfers, self.notices = {}, {}, {}, {}
        self.parked = {}  # cause -> account
        self.records = {}  # (service, lane, seq) -> hash
        self.places = {}  # (topic, lane, offset) -> event id, of records others may name as their cause
        self.counts = collections.Counter()
        self.days = [[] for _ in range(gate.lanes)]  # per lane: (offset, business day)
        self.terms, self.customers, self.entities, self.banks = {}, {}, {}, {}
        for (lane, offset), f in sorted(gate.inputs.items()):
            self.reference(lane, offset, f)

    def reference(self, lane, offset, f):
        if f.kind == "day_opened":
            day = max([f.message.day_opened.business_date] + [d for _, d in self.days[lane][-1:]])
            self.days[lane].append((offset, day))
        elif f.kind == "terms_recorded":
            t = f.message.terms_recorded
            self.terms[t.terms_code] = (TERMS_KINDS[t.kind], t.days)
        elif f.kind == "entity_recorded":
            e = f.message.entity_recorded
            self.entities[e.entity] = (e.number_prefix, e.fiscal_year_start_month)
        elif f.kind == "customer_recorded":
            self.customers.setdefault(f.account, f.message.customer_recorded.terms_code)

    # ---- every stream

    def stream(self, topic, service):
        """Records of a lane-aligned topic, each seq once, in order; the chain checked on the way: (lane, record, event)."""
        for lane, records in enumerate(self.source.records(topic)):
            seq, h = 0, b"\0" * 32
            for r in records:
                e = self.source.classes[topic].FromString(r.value)
                p, where = e.provenance, f"{topic}[{lane}]@{r.offset}"
                now = wire.sha(r.value)
                if p.service != service or p.lane != lane:
                    self.find("provenance", f"{where}: service {p.service}, lane {p.lane}")
                if p.seq <= seq:
                    if self.records.get((service, lane, p.seq)) != now:
                        self.find("sequence", f"{where}: seq {p.seq} again, with another content")
                    self.counts["published twice"] += 1
                    continue
                if p.seq != seq + 1:
                    self.find("sequence", f"{where}: seq {p.seq} follows {seq}")
                if p.prev_hash != h and (seq > 0 or p.prev_hash.strip(b"\0")):
                    self.find("hash chain", f"{where}: seq {p.seq} does not name the record before it")
                seq, h = p.seq, now
                self.records[(service, lane, seq)] = now
                id = (r.header("ce_id") or b"").decode()
                if id != p.event_id:
                    self.find("provenance", f"{where}: ce_id {id}, provenance {p.event_id}")
                self.places[(topic, lane, r.offset)] = p.event_id
                if not e.account.startswith(("~day", "~entity")) and (wire.partition_of(e.account.encode(), self.gate.lanes) != lane or r.key != e.account.encode()):
                    self.find("wrong lane", f"{where}: account {e.account}, key {r.key}")
                yield lane, r, e

    def answers(self, topic, service, known_cause):
        """Events, with the rules about causes checked: parts 1..n, one final, order per account."""
        causes, order, done = {}, {}, collections.defaultdict(list)
        for lane, r, e in self.stream(topic, service):
            p = e.provenance
            cause, where = (p.cause.topic, p.cause.partition, p.cause.offset), f"{topic}[{lane}]@{r.offset}"
            event_id = known_cause(cause)
            if event_id is None or (p.cause.event_id != event_id):
                self.find("invented", f"{where}: answers {cause} {p.cause.event_id}, where {event_id} stands")
            kind = e.WhichOneof("event")
            part, final, was_parked = causes.get(cause, (0, False, False))
            if p.part != part + 1:
                self.find("doubled" if p.part <= part else "lost", f"{where}: part {p.part} of the answer to {cause} follows part {part}")
            if final:
                self.find("doubled", f"{where}: another answer to {cause}, which had its final one")
            at = order.get((lane, e.account, cause[0]), -1)
            if cause[2] < at and not was_parked:
                self.find("order per account", f"{where}: {e.account}: answers {cause} behind {at}")
            if not was_parked:
                order[(lane, e.account, cause[0])] = cause[2]
            causes[cause] = (p.part, p.final, was_parked or kind == "parked")
            done[cause].append(kind)
            self.check_event_id(p.event_id, where)
            yield lane, r, e, kind, cause
        self.settled(service, causes, done)

    def check_event_id(self, id, where):
        if id in self.seen_ids:
            self.find("doubled", f"{where}: event id {id} stands twice")
        self.seen_ids.add(id)

    seen_ids = None

    def settled(self, service, causes, done):
        """Every input that concerns the service has exactly one final outcome, or waits with a reason."""
        for (lane, offset), f in self.gate.inputs.items():
            if f.kind not in CONSUMED[service]:
                continue
            cause = ("ar.intake.v1", lane, offset)
            _, final, was_parked = causes.get(cause, (0, False, False))
            self.counts[f"inputs of {service}"] += 1
            if final:
                continue
            if was_parked and done[cause][-1] == "parked":
                self.parked[cause] = f.account
                self.counts["waiting inputs"] += 1
            else:
                self.find("lost", f"{service}: {f.kind} {f.event_id} at {cause} has no final outcome: {done.get(cause)}")
        for cause, (part, final, was_parked) in causes.items():
            if not final and cause not in self.parked and (cause[0] != "ar.intake.v1" or self.gate.inputs[cause[1:]].kind not in CONSUMED[service]):
                self.find("lost", f"{service}: the answer to {cause} has {part} parts, none final")

    # ---- journal

    def post(self, where, e, expected):
        """Entries as written against the lines the business event means; both must balance, and be each other."""
        got = collections.Counter()
        for entry in e.entries:
            total = collections.Counter()
            for line in entry.lines:
                key = (line.ledger_account, line.account, line.document_id, line.item_sequence) if line.ledger_account in ledger.WITH_ITEMS else ledger.plain(line.ledger_account)
                if line.ledger_account in ledger.WITH_ITEMS and not (line.document_id and line.account == e.account):
                    self.find("control line", f"{where}: names no item of {e.account}")
                got[key] += line.amount.minor
                total[line.amount.currency_code] += line.amount.minor
                self.journal[(entry.entity, line.amount.currency_code, line.ledger_account)] += line.amount.minor
                if (line.functional.currency_code, line.functional.minor) != (line.amount.currency_code, line.amount.minor):
                    self.find("journal", f"{where}: functional amount differs in one currency")
            if any(total.values()):
                self.find("unbalanced", f"{where}: {entry.kind} is off by {dict(total)}")
        got = {k: v for k, v in got.items() if v}
        if got != dict(expected):
            self.find("journal", f"{where}: {e.WhichOneof('event')}: entries {got}, the business means {dict(expected)}")
        for key, minor in expected.items():
            if key[0] in ledger.WITH_ITEMS:
                self.move(where, key, minor)

    def move(self, where, key, minor):
        item = self.items.get(key[2:])
        self.lines[key] += minor
        if item is None:
            self.find("item", f"{where}: {key} is not known")
            return
        item.open += minor
        if item.account != key[1]:
            self.find("item", f"{where}: {key} belongs to {item.account}")
        if (item.open < 0) if item.original > 0 else (item.open > 0):
            self.find("over-applied", f"{where}: {key}: open {item.open} of {item.original}")

    def final_sums(self):
        """Conservation: control = items, per entity and currency; nothing in transit; clearing = what the banks said."""
        control, unidentified, clearing = collections.Counter(), collections.Counter(), collections.Counter()
        for item in self.items.values():
            (unidentified if item.ledger == ledger.UNIDENTIFIED else control)[(item.entity, item.currency)] += item.open
        for (entity, currency, account), minor in self.journal.items():
            if account in ledger.CONTROL:
                control[(entity, currency)] -= minor
            elif account == ledger.UNIDENTIFIED:
                unidentified[(entity, currency)] -= minor
            elif account == ledger.TRANSIT and minor:
                self.find("conservation", f"{entity} {currency}: {minor} in transit when nothing is on its way")
            elif account == ledger.CLEARING:
                clearing[(entity, currency)] += minor
        for what, sums in (("AR control", control), ("unidentified receipts", unidentified)):
            for key, off in sums.items():
                if off:
                    self.find("conservation", f"{key}: {what} and its items differ by {off}")
        self.banks_said(clearing)

    def banks_said(self, clearing):
        """From the facts themselves, not from anybody's outcomes."""
        for f in self.gate.inputs.values():
            if f.kind == "line_booked" and f.message.line_booked.kind == 1:
                b = f.message.line_booked
                clearing[(b.entity, b.amount.currency_code)] -= b.amount.minor
            elif f.kind == "line_returned":
                b = f.message.line_returned
                clearing[(b.entity, b.amount.currency_code)] += b.amount.minor + b.fee.minor
        for key, off in clearing.items():
            if off:
                self.find("conservation", f"{key}: bank clearing and the bank's lines differ by {off}")

    # ---- transfers: what left one account and what arrived on another

    def transfer_topic(self):
        """Gapless per (source lane, destination lane); copies of records of ar.cash.v1."""
        for lane, records in enumerate(self.source.records("ar.transfer.v1")):
            last, first = {}, {}
            for r in records:
                e = self.source.classes["ar.transfer.v1"].FromString(r.value)
                p, where = e.provenance, f"ar.transfer.v1[{lane}]@{r.offset}"
                if first.setdefault((p.lane, p.destination_seq), r.value) != r.value or p.destination_seq <= last.get(p.lane, 0):
                    if first[(p.lane, p.destination_seq)] != r.value:
                        self.find("sequence", f"{where}: seq {p.destination_seq} again, with another content")
                    continue
                if p.destination_seq != last.get(p.lane, 0) + 1:
                    self.find("sequence", f"{where}: seq {p.destination_seq} of lane {p.lane} follows {last.get(p.lane, 0)}")
                last[p.lane] = p.destination_seq
                self.on_the_way[(lane, r.offset)] = (p.event_id, p.lane, p.seq, wire.sha(r.value))
        return self.on_the_way

    def transfer_end(self, answered):
        copied = {(source_lane, seq) for _, source_lane, seq, _ in self.on_the_way.values()}
        for lane, seq in self.leaving - copied:
            self.find("lost", f"ar.transfer.v1: what left lane {lane} of cash with seq {seq} is not there")
        for (lane, offset), (id, source_lane, seq, h) in self.on_the_way.items():
            if self.records.get(("cash", source_lane, seq)) != h:
                self.find("altered", f"ar.transfer.v1[{lane}]@{offset}: not the record of ar.cash.v1 lane {source_lane} seq {seq}")
            if (lane, offset) not in answered:
                self.find("lost", f"cash: ar.transfer.v1[{lane}]@{offset} {id} was never answered")
        for id, t in self.transfers.items():
            states = sorted(t["states"])
            if states not in (["accepted", "sent"], ["refused", "returned", "sent"]):
                self.find("lost" if len(states) < 2 else "doubled", f"transfer {id}: {states}")
            if len(t["amounts"]) != 1:
                self.find("conservation", f"transfer {id}: amounts {t['amounts']}")

    on_the_way, leaving = None, None  # (lane, offset) of ar.transfer.v1 -> who wrote it; (lane, seq) of what has to be there

    def day_at(self, lane, offset):
        """The business day when billing's next input was `offset`."""
        found = [d for o, d in self.days[lane] if o < offset]
        return found[-1] if found else None


def position(e, topic):
    return next((p.next_offset for p in e.provenance.positions if p.topic == topic), None)


def later(a, b):
    return max(dt.date.fromisoformat(a), dt.date.fromisoformat(b)).isoformat()
