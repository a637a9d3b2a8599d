"""A simulated case keys in whom they met over real webhooks, and hangs up: what was confirmed is on file."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from ivr.calls.model import Call
from ivr.carriers.base import DialOrder
from ivr.carriers.twilio_rest import WEBHOOKS, TwilioCarrier
from ivr.simulator.options import Chaos
from ivr.simulator.people import SimPerson
from tests.ivr.simulator.test_end_to_end import serving, traceline
from tests.tracing.naming import AN, LAN, MINH, case_of, naming_calls, somebody
from tracing.cases.model import Case
from tracing.people.model import Person
from tracing.venues.effects import SCRIPT, context_of
from tracing.venues.model import NamedContact

__all__ = ["traceline"]  # a fixture
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

# Who is speaking, and start; Lan, yesterday; Lan again; their own number; Minh, and the telephone goes down.
PRESSED = (
    *("1", "1985", "1"),
    *("0987111222#", "1", "1#", "1"),
    *("0987111222#", "1", "1"),
    *("0912345678#", "1"),
    *("0903444555#", "1", "hang_up"),
)


@pytest.mark.capability("N11")
async def test_numbers_keyed_over_webhooks_are_kept_once_whatever_the_network_repeats(traceline, prompts, library):
    traceline.calls = naming_calls(library)
    case_id = case_of(traceline.database, somebody(traceline.database, "Nguyễn Văn An", AN))
    an = SimPerson(AN, "Nguyễn Văn An", 1985, "vi", dictated=PRESSED)
    chaos = Chaos(seed=2, repeat_callbacks=0.3, late_callbacks=0.3, late_seconds=0.3, repeat_turns=0.4)
    async with serving(traceline, prompts, library, [an], speed=200.0, chaos=chaos) as simulated:
        with traceline.database.unit() as uow:
            case = uow.session.get_one(Case, case_id)
            person = uow.session.get_one(Person, case.person_id)
            told = {**traceline.context(WEBHOOKS), **context_of(case, person)}
            call = traceline.calls.open(
                uow,
                direction="outbound",
                carrier=WEBHOOKS,
                remote_number=AN,
                script=SCRIPT,
                language="vi",
                context=told,
                person_id=person.id,
            )
            order = DialOrder(call.id, AN, 30, datetime.now(UTC))
        await asyncio.to_thread(TwilioCarrier(WEBHOOKS, traceline.settings).place, order)
        await simulated.network.settled()
    with traceline.database.unit() as uow:
        kept = uow.session.scalars(select(NamedContact).where(NamedContact.case_id == case_id)).all()
        assert sorted(each.phone for each in kept) == sorted((LAN, MINH))
        assert [each.met_on is not None for each in sorted(kept, key=lambda each: each.said_at)] == [True, False]
        ended = uow.session.get_one(Call, order.call_id)
        assert ended.end_reason == "hangup"
