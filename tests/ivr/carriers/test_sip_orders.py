"""Orders to the gateways: each telephone is rung at most once, and no order is left hanging, whoever dies."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from core.clock import SimulatedClock
from core.database import Database
from core.errors import Retryable
from core.heartbeats import beat
from ivr.calls.model import Call, CallState, FailureReason
from ivr.calls.service import Calls
from ivr.calls.status import StatusReport
from ivr.carriers.base import DialOrder
from ivr.carriers.sip.carrier import SipCarrier
from ivr.carriers.sip.model import LegState, SipLeg
from ivr.carriers.sip.orders import SIP, Order, call_off, claim_orders, order_leg, report, unwanted
from ivr.carriers.sip.sweep import Sweep
from tests.ivr.world import NUMBER, open_call

HERE, THERE = "sip@here:1", "sip@there:2"


@pytest.fixture
def carrier(database: Database, calls: Calls) -> SipCarrier:
    """With a gateway that has room."""
    lives(database)
    return SipCarrier(database, calls, "trunk.example.vn")


def lives(database: Database, gateway: str = HERE, room: int = 100) -> None:
    """The gateway's sign of life."""
    with database.unit() as uow:
        beat(uow, "sip", gateway, {"room": room})


@pytest.fixture
def order(database: Database, calls: Calls) -> DialOrder:
    call_id = open_call(database, calls, carrier=SIP)
    return DialOrder(call_id, NUMBER, 40, database.clock.now())


def claim(database: Database, gateway: str = HERE, most: int = 10) -> list[Order]:
    lives(database, gateway)
    with database.unit() as uow:
        return claim_orders(uow, gateway, most)


def told(database: Database, calls: Calls, leg: UUID, state: CallState, **changes: object) -> None:
    with database.unit() as uow:
        report(uow, calls, leg, StatusReport(state, uow.now(), provider_ref=str(leg), **changes))  # type: ignore[arg-type]


def call_of(database: Database, call_id: UUID) -> Call:
    with database.unit() as uow:
        return uow.session.get_one(Call, call_id)


def leg_of(database: Database, leg_id: UUID) -> SipLeg:
    with database.unit() as uow:
        return uow.session.get_one(SipLeg, leg_id)


@pytest.mark.capability("N12")
def test_an_order_that_is_repeated_is_one_order(database: Database, carrier: SipCarrier, order: DialOrder) -> None:
    assert carrier.place(order) == carrier.place(order) == str(order.call_id)
    assert claim(database) == [Order(order.call_id, NUMBER, 40)]
    carrier.place(order)
    assert claim(database) == []
    assert carrier.find(order, ()) == str(order.call_id)


def test_an_order_that_was_never_given_is_not_found(carrier: SipCarrier, order: DialOrder) -> None:
    assert carrier.find(order, ()) is None
    assert carrier.status(str(order.call_id), order.ordered_at) is None


def test_without_a_trunk_nothing_is_ordered_and_the_attempt_waits(
    database: Database, calls: Calls, order: DialOrder
) -> None:
    with pytest.raises(Retryable, match="TRACELINE_SIP_TRUNK"):
        SipCarrier(database, calls, "").place(order)
    assert claim(database) == []


@pytest.mark.capability("N12")
def test_two_gateways_claim_each_order_once(database: Database, calls: Calls, carrier: SipCarrier) -> None:
    ids = [open_call(database, calls, carrier=SIP) for _ in range(40)]
    for call_id in ids:
        carrier.place(DialOrder(call_id, NUMBER, 40, database.clock.now()))
    start = threading.Barrier(2)

    def gateway(name: str) -> list[UUID]:
        mine: list[UUID] = []
        start.wait()
        while claimed := claim(database, name, most=3):
            mine += [one.id for one in claimed]
        return mine

    with ThreadPoolExecutor(2) as both:
        here, there = both.map(gateway, (HERE, THERE))
    assert sorted(here + there) == sorted(ids)


def test_what_happens_to_a_leg_is_told_to_its_call(
    database: Database, calls: Calls, carrier: SipCarrier, order: DialOrder
) -> None:
    ref = carrier.place(order)
    claim(database)
    now = database.clock.now()
    seen = []
    for state in (CallState.RINGING, CallState.IN_PROGRESS, CallState.COMPLETED):
        told(database, calls, order.call_id, state)
        status = carrier.status(ref, now)
        assert status is not None
        seen.append((call_of(database, order.call_id).state, status.state))
    assert seen == [
        (CallState.RINGING, CallState.RINGING),
        (CallState.IN_PROGRESS, CallState.IN_PROGRESS),
        (CallState.COMPLETED, CallState.COMPLETED),
    ]


@pytest.mark.capability("I9")
def test_what_is_told_too_late_changes_nothing(
    database: Database, calls: Calls, carrier: SipCarrier, order: DialOrder
) -> None:
    ref = carrier.place(order)
    claim(database)
    told(database, calls, order.call_id, CallState.FAILED, failure_reason=FailureReason.BUSY, raw_code="486")
    told(database, calls, order.call_id, CallState.IN_PROGRESS)
    told(database, calls, order.call_id, CallState.COMPLETED)
    call, status = call_of(database, order.call_id), carrier.status(ref, database.clock.now())
    assert (call.state, call.failure_reason, call.raw_code) == (CallState.FAILED, FailureReason.BUSY, "486")
    assert status is not None
    assert (status.state, status.failure_reason, status.raw_code) == (CallState.FAILED, FailureReason.BUSY, "486")


@pytest.mark.capability("I11", "N12")
@pytest.mark.parametrize(("gateways", "seconds"), [([], 0), ([5], 25), ([0, 0], 0)], ids=["none", "silent", "full"])
def test_without_a_gateway_that_has_room_nothing_is_ordered_and_the_attempt_waits(
    database: Database, calls: Calls, order: DialOrder, clock: SimulatedClock, gateways: list[int], seconds: int
) -> None:
    carrier = SipCarrier(database, calls, "trunk.example.vn")
    for number, room in enumerate(gateways):
        lives(database, f"sip@here:{number}", room)
    clock.advance(timedelta(seconds=seconds))
    with pytest.raises(Retryable):
        carrier.place(order)
    assert carrier.find(order, ()) is None
    lives(database, room=1)
    carrier.place(order)
    assert carrier.find(order, ()) is not None


def test_no_more_is_ordered_than_gateways_have_room_for(
    database: Database, calls: Calls, carrier: SipCarrier, order: DialOrder
) -> None:
    lives(database, HERE, room=1)
    lives(database, THERE, room=1)
    for _ in range(2):
        carrier.place(DialOrder(open_call(database, calls, carrier=SIP), NUMBER, 40, database.clock.now()))
    with pytest.raises(Retryable):
        carrier.place(order)


@pytest.mark.capability("I11")
def test_an_order_that_no_gateway_took_was_never_dialed_and_no_late_gateway_dials_it(
    database: Database, calls: Calls, carrier: SipCarrier, order: DialOrder, clock: SimulatedClock
) -> None:
    carrier.place(order)
    clock.advance(timedelta(seconds=29))
    assert Sweep(database, calls).sweep() == 0
    clock.advance(timedelta(seconds=2))
    assert claim(database) == []
    assert Sweep(database, calls).sweep() == 1
    call = call_of(database, order.call_id)
    assert (call.state, call.failure_reason) == (CallState.FAILED, FailureReason.NOT_DIALED)
    assert claim(database) == []


@pytest.mark.capability("I11", "N12")
@pytest.mark.parametrize("reached", [None, CallState.RINGING, CallState.IN_PROGRESS])
def test_the_calls_of_a_dead_gateway_are_lost_and_nobody_dials_them_again(
    database: Database,
    calls: Calls,
    carrier: SipCarrier,
    order: DialOrder,
    clock: SimulatedClock,
    reached: CallState | None,
) -> None:
    carrier.place(order)
    claim(database)
    if reached is not None:
        told(database, calls, order.call_id, reached)
    clock.advance(timedelta(seconds=15))
    assert Sweep(database, calls).sweep() == 0
    clock.advance(timedelta(seconds=10))
    assert Sweep(database, calls).sweep() == 1
    call = call_of(database, order.call_id)
    assert (call.state, call.failure_reason, call.raw_code) == (CallState.FAILED, FailureReason.LOST, "gateway gone")
    assert claim(database, THERE) == []


def test_a_gateway_that_begins_under_the_name_of_a_dead_one_does_not_keep_its_calls_alive(
    database: Database, calls: Calls, carrier: SipCarrier, order: DialOrder
) -> None:
    carrier.place(order)
    claim(database)
    assert Sweep(database, calls).end_of(THERE) == 0
    assert Sweep(database, calls).end_of(HERE) == 1
    assert call_of(database, order.call_id).failure_reason == FailureReason.LOST


def test_an_order_that_is_hung_up_before_it_is_claimed_is_never_dialed(
    database: Database, carrier: SipCarrier, order: DialOrder
) -> None:
    carrier.hang_up(carrier.place(order))
    assert claim(database) == []
    assert call_of(database, order.call_id).failure_reason == FailureReason.CANCELED


def test_a_claimed_leg_that_nobody_wants_is_hung_up_by_its_gateway(
    database: Database, calls: Calls, carrier: SipCarrier, order: DialOrder
) -> None:
    ref = carrier.place(order)
    claim(database)
    with database.unit() as uow:
        assert unwanted(uow, [order.call_id]) == []
    carrier.hang_up(ref)
    with database.unit() as uow:
        assert unwanted(uow, [order.call_id]) == [order.call_id]
    assert call_of(database, order.call_id).ended_at is None  # its gateway says when


def test_a_leg_that_was_given_up_under_its_gateway_is_hung_up_too(
    database: Database, calls: Calls, carrier: SipCarrier, order: DialOrder
) -> None:
    carrier.place(order)
    claim(database)
    Sweep(database, calls).end_of(HERE)
    with database.unit() as uow:
        assert unwanted(uow, [order.call_id]) == [order.call_id]


def test_hanging_up_what_is_over_or_unknown_is_harmless(
    database: Database, calls: Calls, carrier: SipCarrier, order: DialOrder
) -> None:
    carrier.hang_up("nobody")
    ref = carrier.place(order)
    claim(database)
    told(database, calls, order.call_id, CallState.COMPLETED)
    carrier.hang_up(ref)
    assert leg_of(database, order.call_id).hang_up is False


@pytest.mark.capability("I14")
def test_a_telephone_for_a_room_is_rung_once_and_called_off_when_nobody_waits(
    database: Database, calls: Calls, clock: SimulatedClock
) -> None:
    with database.unit() as uow:
        first = order_leg(uow, "leg:1", NUMBER, 20)
        second = order_leg(uow, "leg:2", NUMBER, 20)
    assert claim(database, most=1) == [Order(first, NUMBER, 20, "leg:1")]
    with database.unit() as uow:
        call_off(uow, "leg:1")
        call_off(uow, "leg:2")
        call_off(uow, "leg:3")
    assert claim(database) == []
    assert leg_of(database, second).state == LegState.ENDED
    with database.unit() as uow:
        assert unwanted(uow, [first]) == [first]


def test_legs_are_forgotten_a_month_after_their_end(
    database: Database, calls: Calls, carrier: SipCarrier, order: DialOrder, clock: SimulatedClock
) -> None:
    carrier.place(order)
    claim(database)
    told(database, calls, order.call_id, CallState.COMPLETED)
    clock.advance(timedelta(days=29))
    assert Sweep(database, calls).clear_away() == 0
    clock.advance(timedelta(days=2))
    assert Sweep(database, calls).clear_away() == 1


def test_a_number_to_be_dialed_is_kept_encrypted(database: Database, carrier: SipCarrier, order: DialOrder) -> None:
    carrier.place(order)
    with database.engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT number FROM sip_leg").scalar_one()
    assert NUMBER not in stored


@pytest.mark.capability("C5")
def test_a_number_is_forgotten_when_its_telephone_rings_no_more(
    database: Database, calls: Calls, carrier: SipCarrier, order: DialOrder
) -> None:
    carrier.place(order)
    with database.unit() as uow:
        order_leg(uow, "leg:1", NUMBER, 20)
    claim(database, most=1)
    told(database, calls, order.call_id, CallState.FAILED, failure_reason=FailureReason.BUSY)
    with database.unit() as uow:
        call_off(uow, "leg:1")
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT DISTINCT number FROM sip_leg").scalar_one() is None
