"""The messages of a line, both ways."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.lines.protocol import (
    BadLineMessage,
    Caption,
    Clear,
    FromTelephone,
    HungUp,
    Key,
    Mark,
    RingFailed,
    Sound,
    Start,
    ToTelephone,
    parse_from_telephone,
    parse_to_telephone,
    render,
)

FRAME = bytes(range(160))


@pytest.mark.parametrize(
    "message", [Start("t"), Sound(FRAME), Key("#"), Mark("4.play:0"), RingFailed("busy"), HungUp()], ids=repr
)
def test_what_a_telephone_sends_arrives_as_it_was(message: FromTelephone) -> None:
    assert parse_from_telephone(render(message)) == message


@pytest.mark.parametrize(
    "message",
    [Sound(FRAME * 10), Mark("4"), Clear(), Caption("robot", "said", "Xin chào", {"language": "vi"})],
    ids=repr,
)
def test_what_we_send_arrives_as_it_was(message: ToTelephone) -> None:
    assert parse_to_telephone(render(message)) == message


@pytest.mark.parametrize(
    "message",
    [
        "",
        "[]",
        "null",
        '{"type":"digit"}',
        '{"type":"digit","key":"12"}',
        '{"type":"digit","key":7}',
        '{"type":"mark","name":""}',
        '{"type":"start"}',
        '{"type":"failed","outcome":"on fire"}',
        '{"type":"clear"}',
        b"",
        FRAME[:-1],
        FRAME * 2,
    ],
)
def test_rubbish_from_a_telephone_is_refused(message: str | bytes) -> None:
    with pytest.raises(BadLineMessage):
        parse_from_telephone(message)


@pytest.mark.parametrize("message", ["{", '{"type":"digit","key":"1"}', '{"type":"caption"}', b"", FRAME[:-1]])
def test_a_telephone_refuses_rubbish_from_us(message: str | bytes) -> None:
    with pytest.raises(BadLineMessage):
        parse_to_telephone(message)


@given(st.one_of(st.text(), st.binary(max_size=400)))
def test_anything_is_either_a_message_or_refused(message: str | bytes) -> None:
    for parse in (parse_from_telephone, parse_to_telephone):
        with contextlib.suppress(BadLineMessage):
            parse(message)
