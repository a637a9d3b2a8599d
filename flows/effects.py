"""The effects that the scripts of the library ask for. Their hosts register who carries them out under these names."""

from __future__ import annotations

from flows.catalogue import EffectSpec

EFFECTS = (
    EffectSpec("telehealth.offer_slots", {}, ("offered", "none")),
    EffectSpec("telehealth.book", {"slot": "string", "reason": "string"}, ("booked", "taken", "refused")),
    EffectSpec("telehealth.upcoming", {}, ("found", "none")),
    EffectSpec("telehealth.move", {"appointment": "string", "slot": "string"}, ("moved", "taken", "refused")),
    EffectSpec("telehealth.cancel", {"appointment": "string"}, ("cancelled", "refused")),
    EffectSpec("telehealth.queue", {"reason": "string"}, ("queued", "no_doctor")),
    EffectSpec("telehealth.urgent", {"reason": "string"}, ("queued", "no_doctor")),
    EffectSpec("call.opt_out", {}, ("done", "withheld")),
    EffectSpec("call.did_you_call", {}, ("called", "missed", "never", "withheld")),
    EffectSpec("call.take_up", {}, ("taken", "gone")),
    EffectSpec("call.hand_over", {"script": "script"}, ("done",)),
    EffectSpec("tracing.begin_naming", {}, ("taken", "none")),
    EffectSpec("tracing.name_contact", {"phone": "string"}, ("kept", "again", "own", "unusable", "enough", "nobody")),
    EffectSpec("tracing.met_on", {"phone": "string", "days_ago": "integer"}, ("noted",)),
)
"""`offer_slots` gives `slots` (up to three of `{id, spoken: {vi, en, ko}}`); `book`, `upcoming` and `move` give
`appointment`, `when` (words in the call's language) and `reference`; `queue` and `urgent` give `position`, `entry` (the
place, for `bridge`) and `call_back` (false when the caller's number is withheld: nobody could)."""
