"""Reading TwiML: the verbs and attributes that we send. Anything else is refused, so that a typo is not passed over."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

VERBS: dict[str, frozenset[str]] = {
    "Play": frozenset(),
    "Gather": frozenset({"input", "action", "method", "timeout", "numDigits", "finishOnKey", "actionOnEmptyResult"}),
    "Record": frozenset({"action", "method", "timeout", "maxLength", "finishOnKey", "playBeep"}),
    "Redirect": frozenset({"method"}),
    "Connect": frozenset(),
    "Stream": frozenset({"url"}),
    "Parameter": frozenset({"name", "value"}),
    "Dial": frozenset({"action", "method", "timeout", "callerId"}),
    "Number": frozenset(),
    "Hangup": frozenset(),
}
"""Every verb and noun of the simulator with its attributes."""

CHILDREN: dict[str, frozenset[str]] = {
    "Response": frozenset({"Play", "Gather", "Record", "Redirect", "Connect", "Dial", "Hangup"}),
    "Gather": frozenset({"Play"}),
    "Connect": frozenset({"Stream"}),
    "Stream": frozenset({"Parameter"}),
    "Dial": frozenset({"Number"}),
}


class TwimlError(Exception):
    """A document that Twilio would refuse (errors 12100, 12200), or that the simulator does not know."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One element: its name, attributes, text, and what is nested in it."""

    name: str
    attributes: dict[str, str]
    text: str
    children: tuple[Verb, ...]

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def number(self, name: str, default: float) -> float:
        """An attribute as a number. Raises TwimlError."""
        value = self.attributes.get(name)
        if value is None or value == "":
            return default
        try:
            return float(value)
        except ValueError as error:
            raise TwimlError(f'<{self.name} {name}="{value}"> is not a number') from error


def parse(body: bytes) -> tuple[Verb, ...]:
    """The verbs of a document. Raises TwimlError."""
    try:
        # The peer is our own application, on the address we were told to call.
        root = ElementTree.fromstring(body)  # noqa: S314
    except ElementTree.ParseError as error:
        raise TwimlError(f"not an XML document: {error}") from error
    if root.tag != "Response":
        raise TwimlError(f"the root must be <Response>, not <{root.tag}>")
    return tuple(_verb(child, "Response") for child in root)


def _verb(element: ElementTree.Element, parent: str) -> Verb:
    name = element.tag
    if name not in CHILDREN.get(parent, frozenset()):
        raise TwimlError(f"<{name}> is not known inside <{parent}>")
    unknown = sorted(set(element.attrib) - VERBS[name])
    if unknown:
        raise TwimlError(f"<{name}> has no attribute {', '.join(unknown)}")
    children = tuple(_verb(child, name) for child in element)
    return Verb(name, dict(element.attrib), (element.text or "").strip(), children)
