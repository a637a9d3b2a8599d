"""A model with a fixed graph, made from the Korean one: as the publisher's large models are, which take no grammar.

`HCLr.fst` reads sounds and writes words, any word after any other; kept to a few words, and without the symbols that
only serve composing, it is the graph of a decoder for these words: HCLG. Read and written here in OpenFST's `const`
format, for there is no tool for it among the packages of this project.
"""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Collection
from pathlib import Path

import numpy as np

_MAGIC = 2125659606
_HEADER = struct.Struct("<iqQqqq")  # version and flags, properties, start, states, arcs
_STATE = np.dtype([("weight", "<f4"), ("pos", "<u4"), ("arcs", "<u4"), ("in_eps", "<u4"), ("out_eps", "<u4")])
_ARC = np.dtype([("in", "<i4"), ("out", "<i4"), ("weight", "<f4"), ("next", "<i4")])


def make_fixed_graph(model: Path, target: Path, words: Collection[str]) -> Path:
    """A model folder in `target` that knows only `words`, and hears them in any order."""
    shutil.copytree(model, target, ignore=shutil.ignore_patterns("*.fst", "final.mdl"))
    os.link(model / "am/final.mdl", target / "am/final.mdl") if _same_disk(model, target) else shutil.copy(
        model / "am/final.mdl", target / "am/final.mdl"
    )
    labels = {word: label for word, label in _symbols(model / "graph/Gr.fst").items() if word in words}
    start, states, arcs = _read(model / "graph/HCLr.fst")
    helpers = np.loadtxt(model / "graph/disambig_tid.int", dtype=np.int64, ndmin=1)
    _write(target / "graph/HCLG.fst", *_keep(start, states, arcs, set(labels.values()), helpers))
    table = ["<eps> 0", *(f"{word} {label}" for word, label in labels.items())]
    (target / "graph/words.txt").write_text("\n".join(table) + "\n", encoding="utf-8")
    return target


def _same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev


def _read(file: Path) -> tuple[int, np.ndarray, np.ndarray]:
    """The transducer inside a look-ahead one, whose own header says nothing of it."""
    data = np.memmap(file, np.uint8, "r")
    at = _after_type(data, 0)
    at = _after_type(data, at + 36 + 8)  # header of the wrapper, then the wrapper's own number
    version_flags, _, start, count, arc_count = struct.unpack_from("<QQqqq", data, at)
    assert version_flags == 2, "an unaligned const transducer without symbol tables"
    at += struct.calcsize("<QQqqq")
    states = np.frombuffer(data, _STATE, count, at)
    return start, states, np.frombuffer(data, _ARC, arc_count, at + states.nbytes)


def _after_type(data: np.ndarray, at: int) -> int:
    """Behind the magic number and the two names that every header begins with."""
    (magic,) = struct.unpack_from("<i", data, at)
    assert magic == _MAGIC
    at += 4
    for _ in range(2):
        (length,) = struct.unpack_from("<i", data, at)
        at += 4 + length
    return at


def _symbols(file: Path) -> dict[str, int]:
    """The words of a model, and the labels its graph gives them."""
    data = file.read_bytes()[:100_000_000]
    at = _after_type(np.frombuffer(data, np.uint8), 0) + 40
    (length,) = struct.unpack_from("<i", data, at + 4)
    at += 8 + length
    _, count = struct.unpack_from("<qq", data, at)
    at += 16
    found = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<i", data, at)
        word = data[at + 4 : at + 4 + length].decode()
        (found[word],) = struct.unpack_from("<q", data, at + 4 + length)
        at += 12 + length
    return found


def _keep(
    start: int, states: np.ndarray, arcs: np.ndarray, labels: set[int], helpers: np.ndarray
) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """What lies on a way from the start to an end and writes nothing but these words."""
    source = np.repeat(np.arange(len(states)), states["arcs"])
    usable = np.isin(arcs["out"], [0, *labels])
    source, kept = source[usable], arcs[usable]
    forward = _reach(np.array([start]), source, kept["next"], len(states))
    back = _reach(np.flatnonzero(np.isfinite(states["weight"])), kept["next"], source, len(states))
    alive = forward & back
    both = alive[source] & alive[kept["next"]]
    source, kept = source[both], kept[both].copy()
    number = np.cumsum(alive) - 1
    kept["next"] = number[kept["next"]]
    kept["in"][np.isin(kept["in"], helpers)] = 0
    return int(number[start]), states["weight"][alive], number[source], kept


def _reach(begin: np.ndarray, source: np.ndarray, target: np.ndarray, count: int) -> np.ndarray:
    order = np.argsort(source, kind="stable")
    first = np.searchsorted(source[order], np.arange(count + 1))
    target = target[order]
    seen = np.zeros(count, bool)
    seen[begin] = True
    while len(begin):
        lengths = first[begin + 1] - first[begin]
        offsets = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        following = np.unique(target[np.repeat(first[begin], lengths) + offsets])
        begin = following[~seen[following]]
        seen[begin] = True
    return seen


def _write(file: Path, start: int, weights: np.ndarray, source: np.ndarray, arcs: np.ndarray) -> None:
    states = np.zeros(len(weights), _STATE)
    states["weight"] = weights
    states["arcs"] = np.bincount(source, minlength=len(weights))
    states["pos"] = np.cumsum(states["arcs"]) - states["arcs"]
    states["in_eps"] = np.bincount(source[arcs["in"] == 0], minlength=len(weights))
    states["out_eps"] = np.bincount(source[arcs["out"] == 0], minlength=len(weights))
    header = struct.pack("<i", _MAGIC)
    for name in (b"const", b"standard"):
        header += struct.pack("<i", len(name)) + name
    header += struct.pack("<iiQqqq", 2, 0, 0, start, len(states), len(arcs))
    file.write_bytes(header + states.tobytes() + arcs.tobytes())
