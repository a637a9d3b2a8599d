"""Two people with telephones of their own are joined by the gateway and the media process: each hears the other."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from audio.codec import RATE, frames, pcm_to_ulaw, pcm_to_wav, ulaw_to_pcm
from core.outbox import OutboxRow
from core.settings import Settings
from flows.catalogue import LIBRARY, load_library
from ivr.calls.effects import Effects
from ivr.calls.log import read_log
from ivr.calls.model import Call, CallState
from ivr.calls.service import Calls
from ivr.campaigns.standing import prepare_standing
from ivr.carriers.base import DialOrder
from ivr.carriers.sip.orders import SIP, order_leg
from ivr.lines.protocol import PATH
from ivr.lines.tickets import RoomTicket, write_ticket
from telehealth import queue
from telehealth.calling_back import order_call_back, room_of
from telehealth.model import Practitioner, QueueEntry
from telehealth.queue import Urgency
from tests.ivr.carriers.tones import tones
from tests.ivr.media.bridging import loudness, tone
from tests.ivr.media.line_caller import on_line
from tests.peers.exchange import exchange
from tests.peers.kamailio import KAMAILIO
from tests.peers.office import Office, until
from tests.peers.softphone import BARESIP, softphone
from tests.ports import free_port

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(BARESIP is None, reason="baresip is not installed (apt install baresip)"),
    pytest.mark.skipif(KAMAILIO is None, reason="Kamailio is not installed (apt install kamailio)"),
]

PATIENT, OTHER = "+84912340001", "+84912340002"
PATIENT_HZ, OTHER_HZ = 500.0, 1100.0
CLEAR, NOTHING = 0.3, 0.1
"""How much of a tone there is in a second of sound: somebody speaks with it; nobody does, though a voice has some."""
WAV_HEADER = 44


@dataclass(frozen=True, slots=True)
class Telephone:
    """A softphone that picks up, and speaks with one tone."""

    folder: Path
    number: str
    port: int
    media_port: int
    microphone: Path

    @contextmanager
    def on(self) -> Iterator[None]:
        """Its battery is in; when it is taken out, the telephone hangs up."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        with softphone(
            self.folder,
            user="phone",
            port=self.port,
            microphone=self.microphone,
            media_port=self.media_port,
            seconds=100,
        ):
            yield

    def ear(self) -> bytes:
        """What it has heard until now, in µ-law."""
        pcm = b"".join(path.read_bytes()[WAV_HEADER:] for path in self.folder.glob("*-dec.wav"))
        return pcm_to_ulaw(pcm[: len(pcm) // 2 * 2])


def seconds_of(ulaw: bytes) -> list[bytes]:
    return list(frames(ulaw, RATE, b"\xff"))


def hears(ulaw: bytes, hertz: float) -> bool:
    """Somebody speaks with this tone for two seconds at least."""
    return sum(loudness(second, hertz) > CLEAR for second in seconds_of(ulaw)) >= 2


def assert_hears_only(ulaw: bytes, theirs: float, own: float) -> None:
    """While the other speaks nobody hears themselves."""
    talk = [second for second in seconds_of(ulaw) if loudness(second, theirs) > CLEAR]
    assert max(loudness(second, own) for second in talk) < NOTHING


@pytest.fixture(scope="module")
def telephones(trunk: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Telephone, Telephone]]:
    """Whoever is called, who presses 1 again and again as people do who want to go on, and a second one."""
    folder = tmp_path_factory.mktemp("telephones")
    voices = {
        "patient": pcm_to_wav((tones("1", 150) + ulaw_to_pcm(tone(PATIENT_HZ, 3.0))) * 32),
        "other": pcm_to_wav(ulaw_to_pcm(tone(OTHER_HZ, 100.0))),
    }
    made = []
    for index, (name, number) in enumerate({"patient": PATIENT, "other": OTHER}.items()):
        microphone = folder / f"{name}.wav"
        microphone.write_bytes(voices[name])
        made.append(Telephone(folder / name, number, free_port(), 16_000 + 200 * index, microphone))
    with exchange(folder, port=int(trunk.rpartition(":")[2]), telephones={one.number: one.port for one in made}):
        yield made[0], made[1]


@pytest.fixture(scope="module")
def patient(telephones: tuple[Telephone, Telephone]) -> Telephone:
    return telephones[0]


@pytest.fixture(scope="module")
def other(telephones: tuple[Telephone, Telephone]) -> Telephone:
    return telephones[1]


@pytest.fixture(scope="module", autouse=True)
def ready(our_office: Office) -> None:
    """The gateway has found its media process, and takes orders."""
    gateway = our_office.processes["sip"]
    until(lambda: (our_office.status(gateway) or {}).get("room"), 20, "room for calls")


@pytest.fixture(scope="module")
def doctor_id(our_office: Office) -> UUID:
    """A doctor of this office."""
    with our_office.app.database.unit() as uow:
        prepare_standing(uow, SIP, our_office.settings.zone)
        doctor = Practitioner(name="BS. Lê Minh", languages=["vi"], zone=our_office.settings.zone, area="", active=True)
        uow.session.add(doctor)
        uow.session.flush()
        return doctor.id


class AtBrowser(threading.Thread):
    """A doctor's page in the console, with its own socket to the media process: speaks with one tone until told to hang
    up."""

    def __init__(self, settings: Settings, room: str) -> None:
        super().__init__(daemon=True)
        self._address = f"{settings.public_media_url}{PATH}"
        self._origin = settings.public_origin
        self._ticket = write_ticket(RoomTicket(room, UUID(int=1)))
        self._heard = b""
        self._over = threading.Event()

    def run(self) -> None:
        asyncio.run(self._talk())

    def ear(self) -> bytes:
        return self._heard

    def hang_up(self) -> None:
        self._over.set()
        self.join(10)

    async def _talk(self) -> None:
        async with on_line(self._address, self._ticket, Origin=self._origin) as doctor:
            while not self._over.is_set() and not doctor.over.is_set():
                await doctor.say(tone(OTHER_HZ, 0.5))
                self._heard = b"".join(sound for _, sound in list(doctor.ears))
            await doctor.stop()


def called_back(office: Office, doctor: UUID, rings_doctor_at: str = "") -> QueueEntry:
    """Somebody kept a place in the queue; the doctor has taken it, and has them called. What scheduler and worker do is
    done here."""
    app = office.app
    with app.database.unit() as uow:
        entry = queue.enter(uow, urgency=Urgency.URGENT, reason="reported_symptoms", language="vi")
        queue.take(uow, entry.id, doctor)
        if rings_doctor_at:
            order_leg(uow, room_of(entry.id), rings_doctor_at, 30)
        order_call_back(uow, entry, number=PATIENT, name="")
    app.dialer.tick()
    with app.database.unit() as uow:
        orders = uow.session.scalars(select(OutboxRow).where(OutboxRow.job == "dial").order_by(OutboxRow.id)).all()
    app.dialer.dial(orders[-1].payload)
    return entry


def talked(office: Office, before: int) -> Call:
    """The call of the patient, when it is over: they have talked, and heard the goodbye."""
    call = office.ended(office.calls()[before].id)
    assert (call.state, call.end_reason) == (CallState.COMPLETED, "completed")
    with office.app.database.unit() as uow:
        ends = [line.data for line in read_log(uow, call.id) if line.data.get("kind") == "dial_ended"]
    assert [end["outcome"] for end in ends] == ["answered"]
    return call


@pytest.mark.capability("I14", "H8")
def test_a_transfer_to_a_telephone_joins_the_two_and_ends_with_a_goodbye(
    our_office: Office, patient: Telephone, other: Telephone, tmp_path: Path
) -> None:
    scripts = tmp_path / "library"
    shutil.copytree(Path(__file__).parent / "library", scripts)
    shutil.copy(LIBRARY / "phrases.yaml", scripts)
    calls, before = Calls(load_library(scripts), Effects(), ()), len(our_office.calls())
    with patient.on():
        with other.on():
            with our_office.app.database.unit() as uow:
                told = our_office.app.told(SIP)
                call = calls.open(
                    uow,
                    direction="outbound",
                    carrier=SIP,
                    remote_number=PATIENT,
                    script="transfer",
                    language="en",
                    context=told,
                )
                order = DialOrder(call.id, PATIENT, 20, uow.now())
            our_office.app.carriers[SIP].place(order)
            until(lambda: hears(patient.ear(), OTHER_HZ) and hears(other.ear(), PATIENT_HZ), 30, "both to hear")
        talked(our_office, before)
    assert_hears_only(patient.ear(), OTHER_HZ, PATIENT_HZ)
    assert_hears_only(other.ear(), PATIENT_HZ, OTHER_HZ)


@pytest.mark.capability("N9", "H8")
def test_a_call_back_rings_the_patients_telephone_and_joins_them_with_the_doctor_at_the_browser(
    our_office: Office, patient: Telephone, doctor_id: UUID
) -> None:
    before = len(our_office.calls())
    with patient.on():
        entry = called_back(our_office, doctor_id)
        doctor = AtBrowser(our_office.settings, room_of(entry.id))
        doctor.start()
        until(lambda: hears(patient.ear(), OTHER_HZ) and hears(doctor.ear(), PATIENT_HZ), 40, "both to hear")
        doctor.hang_up()
        talked(our_office, before)
    assert_hears_only(patient.ear(), OTHER_HZ, PATIENT_HZ)
    assert_hears_only(doctor.ear(), PATIENT_HZ, OTHER_HZ)


@pytest.mark.capability("H8")
def test_a_doctor_whose_telephone_is_rung_talks_with_the_patient_at_theirs(
    our_office: Office, patient: Telephone, other: Telephone, doctor_id: UUID
) -> None:
    before = len(our_office.calls())
    with patient.on():
        with other.on():
            called_back(our_office, doctor_id, rings_doctor_at=OTHER)
            until(lambda: hears(patient.ear(), OTHER_HZ) and hears(other.ear(), PATIENT_HZ), 40, "both to hear")
        call = talked(our_office, before)
        assert call.talked_at is not None
    assert_hears_only(patient.ear(), OTHER_HZ, PATIENT_HZ)
    assert_hears_only(other.ear(), PATIENT_HZ, OTHER_HZ)
