"""The codec of Media Streams reads what Twilio documents, writes what Twilio reads, and refuses everything else."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.carriers.twilio_streams import codec

START: dict[str, Any] = {
    "event": "start",
    "sequenceNumber": "1",
    "start": {
        "accountSid": "AC1",
        "streamSid": "MZ18ad",
        "callSid": "CA2e",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"call": "0195", "other": "x"},
    },
    "streamSid": "MZ18ad",
}
MEDIA: dict[str, Any] = {
    "event": "media",
    "sequenceNumber": "3",
    "media": {"track": "inbound", "chunk": "1", "timestamp": "5", "payload": base64.b64encode(b"\xff" * 160).decode()},
    "streamSid": "MZ18ad",
}


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ({"event": "connected", "protocol": "Call", "version": "1.0.0"}, codec.Connected()),
        (START, codec.Started("MZ18ad", "CA2e", "0195")),
        (MEDIA, codec.Media(b"\xff" * 160, 5)),
        (
            {"event": "dtmf", "streamSid": "MZ18ad", "dtmf": {"track": "inbound_track", "digit": "#"}},
            codec.Dtmf("#"),
        ),
        ({"event": "mark", "sequenceNumber": "4", "mark": {"name": "turn 3"}}, codec.Mark("turn 3")),
        ({"event": "stop", "sequenceNumber": "5", "stop": {"accountSid": "AC1", "callSid": "CA2e"}}, codec.Stopped()),
        ({"event": "something new"}, codec.Other("something new")),
    ],
)
def test_each_message_that_twilio_documents_is_read(message: dict[str, Any], meaning: codec.Message) -> None:
    assert codec.parse_message(json.dumps(message)) == meaning


def test_a_stream_that_names_no_call_is_read_with_an_empty_call() -> None:
    message = {**START, "start": {**START["start"], "customParameters": {}}}
    assert codec.parse_message(json.dumps(message)) == codec.Started("MZ18ad", "CA2e", "")


def _with(message: dict[str, Any], path: str, value: Any) -> str:
    copy = json.loads(json.dumps(message))
    *parents, last = path.split(".")
    inner = copy
    for parent in parents:
        inner = inner[parent]
    inner[last] = value
    return json.dumps(copy)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        '"event"',
        "[]",
        '{"event": ["media"]}',
        '{"event": "media"}',
        '{"event": "stop"',
        _with(MEDIA, "media.payload", "not base64!"),
        _with(MEDIA, "media.payload", 7),
        _with(MEDIA, "media.timestamp", "soon"),
        _with(START, "start.mediaFormat.encoding", "audio/l16"),
        _with(START, "start.mediaFormat.sampleRate", 16000),
        _with(START, "start.streamSid", 'MZ","event":"clear'),
        _with(START, "start.customParameters", {"call": 5}),
        '{"event": "dtmf", "dtmf": {"digit": "12"}}',
        '{"event": "dtmf", "dtmf": {"digit": "x"}}',
        '{"event": "mark", "mark": {"name": null}}',
        json.dumps({**MEDIA, "padding": "x" * codec.LONGEST_MESSAGE}),
    ],
)
def test_what_is_no_message_of_twilios_is_refused(text: str) -> None:
    with pytest.raises(codec.BadMessage):
        codec.parse_message(text)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["connected", "start", "media", "dtmf", "mark", "stop"]), _json)
def test_any_json_is_read_or_refused_but_never_breaks_the_process(event: str, inside: Any) -> None:
    for message in ({"event": event, event: inside}, {"event": inside}, inside):
        with contextlib.suppress(codec.BadMessage):
            codec.parse_message(json.dumps(message))


def test_what_we_send_is_what_twilio_documents() -> None:
    assert json.loads(codec.media_message("MZ1", b"\x00\xff")) == {
        "event": "media",
        "streamSid": "MZ1",
        "media": {"payload": base64.b64encode(b"\x00\xff").decode()},
    }
    assert json.loads(codec.mark_message("MZ1", 'a "b"')) == {
        "event": "mark",
        "streamSid": "MZ1",
        "mark": {"name": 'a "b"'},
    }
    assert json.loads(codec.clear_message("MZ1")) == {"event": "clear", "streamSid": "MZ1"}
