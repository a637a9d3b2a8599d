"""Telephone numbers in SIP addresses, both ways. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote

from core.errors import UserError
from core.phones import normalise_phone

_ADDRESS = re.compile(r"<?\s*(?:sips?|tel):([^@;>\s]+)", re.IGNORECASE)
_LOOKS_LIKE_A_NUMBER = re.compile(r"\+?[0-9(). -]{8,20}")


def number_in(address: str) -> str:
    """The number in a From or P-Asserted-Identity header (RFC 3261, RFC 3325) as E.164; empty when there is none that
    is valid: a softphone's name, `anonymous`, an extension."""
    found = _ADDRESS.search(address)
    if found is None:
        return ""
    user = unquote(found.group(1))
    if not _LOOKS_LIKE_A_NUMBER.fullmatch(user):
        return ""
    try:
        return normalise_phone(user)
    except UserError:
        return ""


def caller(from_header: str, asserted: str) -> str:
    """Who calls. What the trunk asserts counts before what the telephone says of itself; `anonymous` in From asks us
    not to know."""
    if "anonymous" in from_header.lower():
        return ""
    return number_in(asserted) or number_in(from_header)


def address_of(number: str, trunk: str) -> str:
    """The SIP address of an E.164 number behind a trunk (`host` or `host:port`)."""
    return f"sip:{number}@{trunk}"
