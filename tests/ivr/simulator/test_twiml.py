"""TwiML is carried out verb by verb; what Twilio would refuse is refused and noted."""

import pytest

from ivr.simulator.call import Order
from ivr.simulator.options import Chaos
from ivr.simulator.people import SimPerson
from ivr.simulator.server import SimulatedNetwork
from ivr.simulator.twiml import TwimlError, parse
from tests.ivr.simulator.conftest import options

LAN = "+84912000001"


async def call(app, prompts, *dictated, inbound=False, order=None, twiml=None, **changes):
    app.twiml |= twiml or {}
    person = SimPerson(LAN, "Lan", 1984, dictated=dictated)
    async with SimulatedNetwork(options(**changes), prompts, people=[person]) as simulated:
        if inbound:
            it = simulated.network.dial(person, f"{app.url}/fixed/start")
        else:
            it = simulated.network.place(LAN, "+842373850115", order or Order(f"{app.url}/fixed/start"))
        await simulated.network.settled()
        return it, simulated.network


def response(text):
    return f"<Response>{text}</Response>"


async def test_keys_go_to_the_action_and_silence_falls_through(app, prompts):
    gather = '<Gather action="/fixed/next" numDigits="1"/><Redirect>/fixed/silent</Redirect>'
    twiml = {"start": response(gather), "next": response(gather), "silent": response("<Hangup/>")}
    await call(app, prompts, "5", "", twiml=twiml)
    assert [path for path, _ in app.requests] == ["/fixed/start", "/fixed/next", "/fixed/silent"]
    assert app.requests[1][1]["Digits"] == "5"
    assert "Digits" not in app.requests[2][1]


async def test_silence_goes_to_the_action_when_it_is_asked_for(app, prompts):
    gather = '<Gather action="/fixed/next" actionOnEmptyResult="true" timeout="3"/>'
    await call(app, prompts, twiml={"start": response(gather), "next": response("<Hangup/>")})
    assert app.requests[1] == ("/fixed/next", {**app.requests[1][1], "Digits": "", "msg": "Gather End"})


async def test_a_prompt_is_downloaded_whether_or_not_it_is_understood(app, prompts):
    _, network = await call(app, prompts, twiml={"start": response("<Play>/prompts/0.wav</Play><Hangup/>")})
    assert "500" in network.troubles[0].what
    assert network.troubles[0].kind == "webhook"


async def test_a_voice_message_is_kept_and_can_be_fetched(app, prompts):
    record = '<Record action="/fixed/next" maxLength="30" finishOnKey="#"/>'
    twiml = {"start": response(record), "next": response("<Hangup/>")}
    _, network = await call(app, prompts, "say:Xin gọi lại cho tôi", twiml=twiml)
    form = app.requests[1][1]
    assert int(form["RecordingDuration"]) >= 1
    assert form["RecordingUrl"].endswith(form["RecordingSid"])
    assert network.recordings[form["RecordingSid"]].startswith(b"RIFF")


async def test_the_first_request_of_a_citizens_call_is_signed_and_says_who_dials(app, prompts):
    it, _ = await call(app, prompts, inbound=True, twiml={"start": response("<Hangup/>")})
    form = app.requests[0][1]
    assert (form["Direction"], form["CallStatus"], form["From"]) == ("inbound", "ringing", LAN)
    assert it.status == "completed"


async def test_when_the_application_fails_the_fallback_is_asked(app, prompts):
    app.fail = 1
    order = Order(f"{app.url}/fixed/start", fallback_url=f"{app.url}/fixed/fallback")
    await call(app, prompts, order=order, twiml={"start": "", "fallback": response("<Hangup/>")})
    assert app.requests[-1][0] == "/fixed/fallback"
    assert app.requests[-1][1]["ErrorCode"] == "11200"


async def test_a_failing_application_ends_the_call_and_is_noted(app, prompts):
    app.fail = 1
    it, network = await call(app, prompts, twiml={"start": ""})
    assert (it.status, it.ended_from) == ("completed", "trouble")
    assert network.troubles[0].kind == "webhook"


async def test_a_repeated_request_that_gets_another_reply_is_noted(app, prompts):
    chaos = Chaos(repeat_turns=1.0)
    twiml = {"start": response('<Gather timeout="{count}"/><Hangup/>')}
    _, network = await call(app, prompts, chaos=chaos, twiml=twiml)
    assert [item.kind for item in network.troubles] == ["repeat"]
    assert len(app.requests) == 2


async def test_an_endless_redirect_is_stopped(app, prompts):
    _, network = await call(app, prompts, twiml={"start": response("<Redirect>/fixed/start</Redirect>")})
    assert "400 documents" in network.troubles[0].what


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"<Response><Dance/></Response>", "<Dance> is not known"),
        (b"<Response><Gather><Record/></Gather></Response>", "<Record> is not known inside <Gather>"),
        (b'<Response><Gather numDigit="1"/></Response>', "no attribute numDigit"),
        (b'<Response><Play loop="3">/prompts/0.wav</Play></Response>', "no attribute loop"),
        (b"<Response><Gather><Pause/></Gather></Response>", "<Pause> is not known inside <Gather>"),
        (b'<Response><Reject reason="busy"/></Response>', "<Reject> is not known"),
        (b"<Responses/>", "the root"),
        (b"<Response>", "not an XML document"),
    ],
)
def test_twiml_that_nobody_knows_is_refused(document, why):
    with pytest.raises(TwimlError, match=why):
        parse(document)


async def test_speech_for_a_cloud_recogniser_is_refused(app, prompts):
    _, network = await call(app, prompts, twiml={"start": response('<Gather input="dtmf speech"/>')})
    assert "cloud" in network.troubles[0].what
