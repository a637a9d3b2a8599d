"""The columns that the made-up years fill, in the order in which `Years` writes them."""

from __future__ import annotations

COLUMNS: dict[str, tuple[str, ...]] = {
    "person": ("id", "name", "birth_year", "sex", "phone", "address", "area", "created_at"),
    "disease_case": (
        *("id", "disease", "number", "person_id", "by_rule", "outcome", "onset_on", "confirmed_on", "area"),
        "reported_at",
    ),
    "contact": (
        *("id", "person_id", "disease", "case_id", "source_contact_id", "generation", "status", "follow_up", "by_rule"),
        *("first_exposed_on", "last_exposed_on", "area", "source", "reported_at"),
    ),
    "exposure": ("id", "contact_id", "kind", "day", "place", "source", "created_at"),
    "target": (
        *("id", "campaign_id", "person_id", "phone", "language", "context", "area", "state", "disposition"),
        *("attempts", "outcomes", "added_at", "next_at", "done_at"),
    ),
    "attempt": (
        *("id", "target_id", "campaign_id", "number", "phone", "state", "outcome", "claimed_at", "placing_at"),
        "ended_at",
    ),
    "call": (
        *("id", "direction", "carrier", "remote_number", "state", "failure_reason", "answered_by", "script"),
        *("revision", "language", "context", "script_state", "next_turn", "end_reason", "person_id", "campaign_id"),
        *("target_id", "attempt_id", "area", "created_at", "answered_at", "ended_at"),
    ),
    "call_event": ("call_id", "seq", "turn", "at", "kind", "data"),
    "record": (
        *("id", "form", "reference", "person_id", "call_id", "state", "language", "risk", "flagged", "area"),
        *("created_at", "completed_at"),
    ),
    "record_answer": (
        *("id", "record_id", "field", "value", "source", "heard", "confidence", "confirmed", "call_id", "turn"),
        *("step", "at"),
    ),
    "follow_up": (
        *("id", "person_id", "disease", "first_day", "last_day", "rule", "course", "decision", "situation", "reason"),
        "at",
    ),
    "follow_up_visit": ("id", "person_id", "disease", "day", "nth", "result", "how", "at"),
    "lab_test": ("id", "person_id", "case_id", "disease", "kind", "sampled_on", "result", "result_on", "created_at"),
    "venue": ("id", "name", "kind", "address", "area", "created_at"),
    "venue_visit": ("id", "venue_id", "person_id", "arrived_at", "left_at", "source", "created_at"),
    "audit_entry": ("at", "login", "address", "action", "subject", "detail"),
    "quarantine": (
        *("id", "order_id", "person_id", "disease", "place", "first_day", "last_day", "decision", "reason", "at"),
    ),
}
