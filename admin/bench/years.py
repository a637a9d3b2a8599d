"""Ten years of a province, made up: waves of disease, the contacts of each case, the calls to them, what they said, and
their follow-up. The same seed gives the same years. Nobody in here exists.

With a million people there are about five million lines of call logs (`call_event`): a call leaves one line when nobody
answers, six when somebody does. Real interviews leave forty; but a page reads the log of one call at a time, and a
million people with five calls each would have no time for anything else.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

from admin.bench.heap import NULL, Heap, identifier
from admin.bench.pieces import Moment, Somebody, call_log
from admin.bench.waves import DAYS, waves
from core.encryption import current_ring
from tracing.areas.places import units_of

REVISION = "bench"
_FAMILIES = (
    *("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Ngô", "Dương", "Lý", "Trịnh", "Mai"),
    *("Hà", "Lương", "Cao", "Đinh"),
)
_MIDDLES = ("Văn", "Thị", "Đức", "Hữu", "Minh", "Quốc", "Ngọc", "Thu", "Thanh", "Kim", "Xuân", "Hồng")
_GIVENS = (
    *("An", "Bình", "Cường", "Dũng", "Hải", "Hùng", "Khánh", "Long", "Nam", "Phúc", "Quân", "Sơn", "Tuấn", "Việt"),
    *("Anh", "Chi", "Dung", "Hà", "Hằng", "Hương", "Lan", "Mai"),
)
# Shares, as outbreaks and telephone surveys have them.
IS_CASE = 0.07  # of all people
OLD_AREA = 0.15  # are filed under a unit of before July 2025
UNKNOWN_AREA = 0.01
SECOND_GENERATION = 0.12
FOLLOWED = 0.22  # of all contacts, by daily calls
ANSWERS = (0.55, 0.3, 0.2)  # at the first call, the second, the third
DROPPED, LOST = 0.02, 0.04
FLAGGED = 0.05
CAMPAIGN_OF = 8_000  # people on the list of one campaign
AT_A_VENUE = 0.15
VENUE_OF = 400  # people who met at one venue


class Years:
    """Writes the years, a person at a time and in the order of time."""

    def __init__(self, heap: Heap, now: datetime, province: str, campaigns: list[str], seed: int) -> None:
        self._heap = heap
        self._random = Random(seed)  # noqa: S311  (made-up people, not secrets)
        self._now = now.timestamp()
        self._start = (now - timedelta(days=DAYS)).timestamp()
        self._campaigns = campaigns
        self._number = 0
        self._ring = current_ring()
        communes = [unit.path for unit in units_of(province) if unit.level == "commune"]
        self._new = [path for path in communes if path.startswith("2025.")]
        self._old = [path for path in communes if not path.startswith("2025.")]
        # Some communes have ten times the people of others.
        self._heavy = list(accumulate(1 + 9 / (1 + place) for place in range(len(self._new))))
        self._venue = self._place = ""
        self._cases: list[str] = []
        self._contacts: list[str] = []
        self._logs = {answered: call_log(answered) for answered in (False, True)}

    def write(self, people: int) -> Iterator[int]:
        """Everything about so many people; gives how many have been written, now and then."""
        bounds = list(accumulate(waves(self._random)))
        moments = sorted(bisect(bounds, self._random.random() * bounds[-1]) for _ in range(people))
        for place, day in enumerate(moments):
            known = self._start + (day + 7 / 24 + self._random.random() * 12 / 24) * 86400
            # Nobody is known after now.
            self._person(
                Moment(min(known, self._now - self._random.random() * 36000)), place * len(self._campaigns) // people
            )
            if place % 10_000 == 0:
                yield place

    def _person(self, known: Moment, campaign: int) -> None:
        random = self._random
        somebody = Somebody(self._id(known), self._ring.encrypt(f"+849{self._number:08d}"), self._area(), known)
        family, middle, given = (random.choice(part) for part in (_FAMILIES, _MIDDLES, _GIVENS))
        sex = random.choice(("female", "male"))
        name, born = f"{family} {middle} {given}", random.randint(1935, 2020)
        self._add("person", somebody.id, name, born, sex, somebody.phone, "", somebody.area, known.text)
        disease = "covid-19" if random.random() < 0.8 else "measles"
        if random.random() < IS_CASE or not self._cases:
            self._case(somebody, disease)
        else:
            self._contact(somebody, disease, campaign)

    def _case(self, who: Somebody, disease: str) -> None:
        key, confirmed = self._id(who.known), self._random.random() < 0.8
        number = f"BN{self._number:08d}"
        outcome = "recovered" if self._now - who.known.seconds > 30 * 86400 else "none_yet"
        classified = "confirmed" if confirmed else "suspected"
        day = who.known.day
        self._add(
            "disease_case", key, disease, number, who.id, classified, outcome, day, day if confirmed else NULL,
            who.area, who.known.text,
        )  # fmt: skip
        self._add(
            "lab_test", self._id(who.known), who.id, key, disease, "pcr", day, "positive" if confirmed else "pending",
            day if confirmed else NULL, who.known.text,
        )  # fmt: skip
        self._cases.append(key)
        del self._cases[:-200]

    def _contact(self, who: Somebody, disease: str, campaign: int) -> None:
        random, key, day = self._random, self._id(who.known), who.known.day
        second = self._contacts and random.random() < SECOND_GENERATION
        # Contacts come to be known in the hours after their case: most of them are of the newest ones.
        case = NULL if second else self._cases[-1 - min(int(random.expovariate(0.5)), len(self._cases) - 1)]
        source = random.choice(self._contacts) if second else NULL
        if not second:
            self._contacts.append(key)
            del self._contacts[:-500]
        status = "dropped" if random.random() < DROPPED else "active"
        followed = random.random() < FOLLOWED and status == "active"
        state = self._follow_up(who, disease) if followed else ("cancelled" if status == "dropped" else "no_follow_up")
        self._add(
            "contact", key, who.id, disease, case, source, 2 if second else 1, status, state, "confirmed", day, day,
            who.area, "list", who.known.text,
        )  # fmt: skip
        place = self._visit(who)
        self._add("exposure", self._id(who.known), key, "person", day, place, "list", who.known.text)
        self._interview(who, campaign)

    def _visit(self, who: Somebody) -> str:
        """Somebody was at the venue of those days; gives its name."""
        if not self._venue or self._random.random() < 1 / VENUE_OF:
            self._venue = self._id(who.known)
            self._place = f"Chợ số {self._number}"
            self._add("venue", self._venue, self._place, "market", "", who.area, who.known.text)
        if self._random.random() < AT_A_VENUE:
            came, left = who.known.later(-30), who.known.later(-28)
            self._add(
                "venue_visit", self._id(who.known), self._venue, who.id, came.text, left.text, "list", who.known.text
            )
        return self._place

    def _follow_up(self, who: Somebody, disease: str) -> str:
        """Seven days of calls; gives the follow-up status."""
        random, first = self._random, who.known.later(24)
        last = who.known.later(7 * 24)
        self._add(
            "follow_up", self._id(who.known), who.id, disease, first.day, last.day, "bench", "contact", "bench", "{}",
            "started", who.known.text,
        )  # fmt: skip
        self._add(
            "quarantine", self._id(who.known), self._id(who.known), who.id, disease, "home", who.known.day, last.day,
            "bench", "ordered", who.known.text,
        )  # fmt: skip
        lost = random.random() < LOST
        for after in range(1, 8):
            at = who.known.later(24 * after)
            result, when = NULL, NULL
            if at.seconds < self._now:
                result = random.choices(("cooperative", "unavailable", "uncooperative"), (80, 17, 3))[0]
                result, when = "unavailable" if lost else result, at.text
            self._add("follow_up_visit", self._id(who.known), who.id, disease, at.day, 1, result, "call", when)
        if last.seconds > self._now:
            return "follow_up"
        return "lost" if lost else "completed"

    def _interview(self, who: Somebody, campaign: int) -> None:
        """The calls of a campaign to one person, and the record that came of them."""
        random, target = self._random, self._id(who.known)
        owner = self._campaigns[campaign]
        at = who.known.later(random.expovariate(1 / 7))
        disposition, state, tries, done = "unresponsive", "done", 0, NULL
        for chance in ANSWERS:
            if at.seconds > self._now:
                disposition, state = ("queued" if tries else "registered"), "waiting"
                break
            tries += 1
            answered = random.random() < chance
            finished = answered and random.random() < 0.85
            self._call(who, owner, target, tries, at, answered, finished)
            if answered:
                disposition, done = ("completed" if finished else "breakoff"), at.text
                break
            at = at.later(random.uniform(1, 20))
        else:
            done = at.text
        outcomes = '{"no_answer": 1}' if tries > 1 else "{}"
        self._add(
            "target", target, owner, who.id, who.phone, "vi", "{}", who.area, state, disposition, tries, outcomes,
            who.known.text, at.text, done,
        )  # fmt: skip

    def _call(
        self, who: Somebody, campaign: str, target: str, number: int, at: Moment, answered: bool, finished: bool
    ) -> None:
        call, attempt, over = self._id(at), self._id(at), at.later(0.03 if answered else 0.01)
        outcome = ("completed" if finished else "breakoff") if answered else "no_answer"
        self._add(
            "attempt", attempt, target, campaign, number, who.phone, "ended", outcome, at.text, at.text, over.text
        )
        end = ("completed" if finished else "hangup") if answered else NULL
        self._add(
            "call", call, "outbound", "twilio", who.phone, "completed" if answered else "failed",
            NULL if answered else "no_answer", "human" if answered else NULL, "contact-interview", REVISION, "vi", "{}",
            "{}", 2, end, who.id, campaign, target, attempt, who.area, at.text, at.text if answered else NULL,
            over.text,
        )  # fmt: skip
        for place, (turn, kind, data) in enumerate(self._logs[answered]):
            self._add("call_event", call, place, turn, at.text, kind, data)
        if answered:
            self._record(who, call, over, finished)

    def _record(self, who: Somebody, call: str, at: Moment, finished: bool) -> None:
        record, flagged = self._id(at), self._random.random() < FLAGGED
        reference, risk = f"KT{self._number:09d}", "high" if flagged else self._random.choice(("low", "medium"))
        self._add(
            "record", record, "contact_interview", reference, who.id, call, "complete" if finished else "draft", "vi",
            risk, "t" if flagged else "f", who.area, at.text, at.text if finished else NULL,
        )  # fmt: skip
        self._add("audit_entry", at.text, "lan", "10.0.0.7", "record.read", f"record:{record}", "{}")
        for turn, field in enumerate(("fever", "cough", "short_of_breath")[: 3 if finished else 1], start=1):
            said = "true" if flagged else "false"
            self._add(
                "record_answer", self._id(at), record, field, said, "keys", "1", NULL, "f", call, turn, field, at.text
            )

    def _area(self) -> str:
        drawn = self._random.random()
        if drawn < UNKNOWN_AREA:
            return ""
        if drawn < UNKNOWN_AREA + OLD_AREA:
            return self._random.choice(self._old)
        return self._new[bisect(self._heavy, self._random.random() * self._heavy[-1])]

    def _id(self, at: Moment) -> str:
        self._number += 1
        return identifier(at.seconds, self._number)

    def _add(self, table: str, *values: object) -> None:
        self._heap.add(table, "\t".join(map(str, values)))
