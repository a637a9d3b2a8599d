"""The effects that the scripts of the library ask for. Their hosts register who carries them out under these names."""

from __future__ import annotations

from flows.catalogue import EffectSpec

EFFECTS = (
    EffectSpec("telehealth.offer_slots", {}, ("offered", "none")),
    EffectSpec("telehealth.book", {"slot": "string"}, ("booked", "taken", "refused")),
    EffectSpec("telehealth.queue", {"reason": "string"}, ("queued", "no_doctor")),
    EffectSpec("telehealth.urgent", {"reason": "string"}, ("queued", "no_doctor")),
    EffectSpec("call.opt_out", {}, ("done",)),
    EffectSpec("call.callback", {}, ("done",)),
)
"""`offer_slots` gives `slots` (up to three of `{id, spoken: {vi, en, ko}}`), `book` gives `when` (words in the call's
language) and `reference`, `queue` and `urgent` give `position`."""
