"""A reference number that an appointment has already costs a caller another slot, not the offer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from telehealth import holds
from telehealth.model import Appointment
from tests.telehealth.conftest import Clinic


def test_a_caller_whose_references_are_taken_is_offered_other_slots(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.doctor(hours=((1, "08:00", "18:00"),))
    first = clinic.ask(clinic.call())
    with clinic.database.unit() as uow:
        taken = list(uow.session.scalars(select(Appointment.reference)))
    assert len(taken) == len(first) > 1
    drawn: Iterator[str] = iter([*taken, *(f"KT{number:06d}" for number in range(20))])
    monkeypatch.setattr(holds, "new_reference", lambda: next(drawn))
    second = clinic.ask(clinic.call())
    assert len(second) == len(first)
    assert {offer.reference for offer in second}.isdisjoint(taken)
    assert {offer.slot.starts for offer in second}.isdisjoint({offer.slot.starts for offer in first})
