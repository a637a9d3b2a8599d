"""The named limits that end a call politely instead of letting it run for ever. A script may set tighter ones."""

from __future__ import annotations

MAX_STEPS_PER_TURN = 100
"""Steps entered between two things the person does; a script that loops without asking is stopped here."""

MAX_TURNS_PER_CALL = 200
"""Keys, words and silences in one call."""

MAX_CALL_MINUTES = 15
"""Minutes from the start of the call, or from the end of the last talk with a person, to an event, by the events' own
time."""

MAX_SUBSCRIPT_DEPTH = 8
"""Subscripts inside subscripts."""

DEFAULT_TRIES = 3
"""How often a question is asked before silence, or wrong answers, take their way out. Counted apart."""

SPEECH_FAILURES_BEFORE_KEYS = 2
"""After so many vain attempts by speech a question goes on by keys only."""

MAX_OPTIONS_PER_PAGE = 9
"""A menu with more options than single keys is split into pages; the last key of a page turns it."""

LONGEST_HEARD = 200
"""Characters kept of what was keyed or heard."""
