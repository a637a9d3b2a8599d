"""Nothing but whole phrases of known, plain words reaches Vosk, in JSON that is written here."""

import json
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.recogniser import wire
from audio.recogniser.grammar import MAX_PHRASES, build, is_word, plain

KNOWN = {"열", "나요", "네", "아니요", "không", "có"}


def test_a_phrase_with_an_unknown_word_is_left_out_whole():
    built = build(["네", "열이 나요", "아니요"], ["나요", "몰라요"], KNOWN.__contains__, "<UNK>")
    assert built.phrases == ("네", "아니요")
    assert built.unknown == ("열이 나요",)
    assert json.loads(built.text) == ["네", "아니요", "나요", "<UNK>"]


def test_phrases_are_compared_as_a_model_writes_them():
    decomposed = "Co\u0301, kh\u00f4ng?"
    assert plain(decomposed) == "có không"
    assert build(["Có!", "có"], [], KNOWN.__contains__, None).phrases == ("có",)


@pytest.mark.parametrize("word", ["<s>", "#0", "!SIL", "<eps>", '"', "a\x00b", "a_b", "[unk]", "", "-", "a\\"])
def test_a_models_own_symbols_and_control_characters_are_no_words(word):
    assert not is_word(word)


def test_a_grammar_has_a_limit():
    built = build([f"{'네 ' * (n + 1)}" for n in range(30)], [], KNOWN.__contains__, None)
    assert len(built.phrases) == 20
    many = build([f"w{n}" for n in range(MAX_PHRASES + 5)], [], lambda _: True, None)
    assert len(many.unknown) == 5


@pytest.mark.capability("N1")
@given(st.lists(st.text(max_size=30), max_size=8))
def test_whatever_a_script_says_the_grammar_is_a_list_of_plain_words(phrases):
    built = build(phrases, [], lambda _: True, "[unk]")
    entries = json.loads(built.text)
    assert entries[-1] == "[unk]"
    for entry in entries[:-1]:
        assert all(is_word(word) for word in entry.split())
        assert not any(c in entry for c in '"\\\x00\n')


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=10), max_size=4), st.binary(max_size=2000))
def test_a_message_arrives_as_it_was_sent(header, body):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(wire.encode(header, body))
        assert wire.receive(theirs) == (header, body)


@pytest.mark.parametrize(
    "data", [struct.pack("!II", 2**31, 0), struct.pack("!II", 2, 2**31), b"\0\0\0\2\0\0\0\0[]", b"\0\0\0\1\0\0\0\0{"]
)
def test_what_is_no_message_is_refused(data):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(data)
        with pytest.raises(wire.WireError):
            wire.receive(theirs)


def test_a_connection_that_ends_midway_is_an_end():
    ours, theirs = socket.socketpair()
    with theirs:
        with ours:
            ours.sendall(wire.encode({"op": "feed"}, b"1234")[:-1])
        assert wire.receive(theirs) is None
