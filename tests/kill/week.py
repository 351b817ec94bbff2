"""A business week as events, the same every time but for its number: what a sweep plays once per round. Everything that services do is in it
(parking and release, memos, transfers, returns, commands, notices, inputs that take several transactions), and at its end every account
of the week owes nothing, so that a hundred weeks on one stack stay as quick as the first."""
import datetime as dt
import json

from events import BANK, CURRENCY, ENTITY, amended, bank_line, booked, cloud_event, customer, fulfilled, returned

CUSTOMERS, ORDERS, PAYMENTS, COMMANDS, REFERENCE = ("crm.customer.v1", "crm.sales-order.v1", "bank.payment.v1", "ar.command.v1",
                                                    "ar.reference.v1")
FIRST_MONDAY = dt.date(2026, 1, 5)


def iban(account):
    return "DE" + "".join(str(ord(c) % 10) for c in account).rjust(20, "7")


class Week:
    """lines: for `openitem play`, in order of days; per day in the order that `play` publishes them."""

    def __init__(self, number, placeholders=True):
        self.name = f"W{number:03d}"
        self.placeholders = placeholders  # {{number:...}}, which only `play` fills
        self.monday = FIRST_MONDAY + dt.timedelta(days=7 * number)
        self.days = {}
        self.n = 0
        self.owed = {}
        self.fill()

    def day(self, i):
        return (self.monday + dt.timedelta(days=i)).isoformat()

    def account(self, letter):
        return self.name + letter

    def add(self, i, topic, data):
        self.n += 1
        self.days.setdefault(i, []).append((topic, cloud_event(topic, f"{self.name}-{self.n}", data, self.day(i), source="/kill")))

    def customer(self, i, letter):
        event = customer(self.account(letter), iban=iban(self.account(letter)), terms="N0", since=self.day(0))
        event["customerRecorded"]["applyOldestFirst"] = True
        self.add(i, CUSTOMERS, event)

    def order(self, i, letter, number, euros, delivered=True):
        order = f"SO-{self.account(letter)}-{number}"
        self.add(i, ORDERS, booked(self.account(letter), order, 1, price=f"{euros}.00", day=self.day(i)))
        if delivered:
            self.add(i, ORDERS, fulfilled(self.account(letter), order, 2, day=self.day(i)))
            self.owed[letter] = self.owed.get(letter, 0) + euros * 100

    def line(self, i, name, minor, letter=None, text=""):
        payer = iban(self.account(letter)) if letter else ""
        data = bank_line(f"{self.name}-{name}", minor, day=self.day(i), text=text, iban=payer)
        data["lineBooked"]["statementId"] = f"S-{self.day(i)}"
        self.add(i, PAYMENTS, data)
        if letter:
            self.owed[letter] -= minor
        return minor

    def statement(self, i, minor):
        money = {"currencyCode": CURRENCY}
        self.add(i, PAYMENTS, {"statementClosed": {"bankAccount": BANK, "statementId": f"S-{self.day(i)}", "entity": ENTITY,
                                                   "opening": {**money, "minor": "0"}, "closing": {**money, "minor": str(minor)},
                                                   "bookingDate": self.day(i)}})

    def command(self, i, account, name, body):
        self.add(i, COMMANDS, {"account": account, "issuedBy": "kill", "note": self.name, name: body})

    def fill(self):
        self.fill_monday()
        self.fill_tuesday()
        self.fill_wednesday()
        self.fill_thursday()

    def fill_monday(self):
        for letter in "ABCDEF":
            self.customer(0, letter)
        for at, letter in enumerate("ABCDEF"):
            self.order(0, letter, 1, 100 + at)
        # The customers are not known until Tuesday and Wednesday, and the last of these orders changes before it is booked.
        self.order(0, "G", 1, 50)
        self.order(0, "H", 1, 55)
        order = f"SO-{self.account('F')}-2"
        self.add(0, ORDERS, amended(self.account("F"), order, 2, price="70.00", day=self.day(0)))
        self.add(0, ORDERS, booked(self.account("F"), order, 1, price="60.00", day=self.day(0)))
        self.add(0, ORDERS, fulfilled(self.account("F"), order, 3, day=self.day(0)))
        self.owed["F"] += 7000
        # Nobody knows who paid these: looked at again each morning, in pages.
        self.statement(0, sum(self.line(0, f"U{i}", 1000 + i, text="thank you") for i in range(5)))

    def fill_tuesday(self):
        self.customer(1, "G")
        for at, letter in enumerate("ABD"):
            self.order(1, letter, 2, 200 + at)
        self.order(1, "I", 1, 60)  # until Thursday
        self.statement(1, self.line(1, "A1", 10000, "A") +
                       self.line(1, "B1", 10100, "B", text=("{{number:SO-%s-1}}" if self.placeholders else "SO-%s-1") % self.account("B")) +
                       self.line(1, "C1", 4000, "C"))
        self.command(1, self.account("F"), "setBlock", {"blockId": f"{self.name}-hold", "reason": "BLOCK_REASON_DISPUTE"})

    def fill_wednesday(self):
        self.customer(2, "H")
        self.order(2, "D", 3, 300)
        self.add(2, ORDERS, {"orderCancelled": {"account": self.account("E"), "orderId": f"SO-{self.account('E')}-1", "orderVersion": 3,
                                                "reason": "return"}})
        self.owed["E"] = 0
        data = returned(f"{self.name}-R1", f"{self.name}-A1", 10000, self.day(2))
        data["lineReturned"]["statementId"] = f"S-{self.day(2)}"
        self.add(2, PAYMENTS, data)
        self.owed["A"] += 10000
        self.statement(2, self.line(2, "D1", 5000, "D") - 10000)
        for i, letter in enumerate("BCD"):
            self.assign(2, i, letter)

    def assign(self, i, at, letter):
        self.command(i, "~" + BANK, "assignPayer", {"lineId": f"{self.name}-U{at}", "payerAccount": self.account(letter),
                                                    "expectedVersion": 1})
        self.owed[letter] -= 1000 + at

    def fill_thursday(self):
        self.customer(3, "I")
        self.order(3, "C", 3, 30)
        self.assign(3, 3, "C")
        self.assign(3, 4, "D")
        self.days[3] = [x for x in self.days[3] if x[0] != COMMANDS] + [x for x in self.days[3] if x[0] == COMMANDS]
        self.command(3, self.account("F"), "liftBlock", {"blockId": f"{self.name}-hold"})
        self.days[4] = []
        paid = sum(self.line(4, f"{letter}9", minor, letter) for letter, minor in sorted(self.owed.items()) if minor > 0)
        self.statement(4, paid)

    def play_file(self):
        """What `openitem play` reads."""
        return "".join(json.dumps(line) + "\n" for i in sorted(self.days) for _, line in self.days[i])

    def steps(self, i):
        """The events of one day but for its commands, as `play` would send them: one text per topic."""
        for topic in (REFERENCE, CUSTOMERS, ORDERS, PAYMENTS):
            lines = [line for at, line in self.days[i] if at == topic]
            if lines:
                yield "".join(json.dumps(line) + "\n" for line in lines)

    def commands(self, i):
        """The commands of one day, as arguments of `openitem command`."""
        for line in (line for at, line in self.days[i] if at == COMMANDS):
            data = line["data"]
            common = ("--by", data["issuedBy"], "--note", data["note"], "--id", line["id"])
            if "assignPayer" in data:
                c = data["assignPayer"]
                yield ("assign-payer", c["lineId"], "--payer", c["payerAccount"], "--version", str(c["expectedVersion"]), "--account",
                       data["account"], *common)
            elif "setBlock" in data:
                yield ("block", data["account"], "--reason", "dispute", "--block-id", data["setBlock"]["blockId"], *common)
            else:
                yield ("unblock", data["account"], "--block-id", data["liftBlock"]["blockId"], *common)


def birth():
    """What concerns every week: entity, bank account, terms, ladder, rules. On the Friday before."""
    day = (FIRST_MONDAY - dt.timedelta(days=3)).isoformat()
    facts = [
        {"entityRecorded": {"entity": ENTITY, "name": "Muster GmbH", "functionalCurrency": CURRENCY, "fiscalYearStartMonth": 1,
                            "numberPrefix": "DE"}},
        {"bankAccountRecorded": {"bankAccount": BANK, "entity": ENTITY, "currencyCode": CURRENCY}},
        {"termsRecorded": {"termsCode": "N0", "version": 1, "effectiveFrom": "2000-01-01", "kind": "TERMS_KIND_NET", "days": 0}},
        {"ladderRecorded": {"version": 1, "effectiveFrom": "2000-01-01", "daysBetween": 1,
                            "levels": [{"level": n, "daysPastDue": n} for n in (1, 2, 3)]}},
        {"cashRulesRecorded": {"version": 1, "effectiveFrom": "2000-01-01",
                               "rules": ["CASH_RULE_REFERENCE", "CASH_RULE_EXACT_AMOUNT", "CASH_RULE_ALL_DUE", "CASH_RULE_OLDEST_FIRST"]}},
    ]
    return "".join(json.dumps(cloud_event(REFERENCE, f"birth-{n}", fact, day, source="/kill")) + "\n" for n, fact in enumerate(facts))
