"""Voice messages: kept sealed, transcribed in the background, deleted on their day, and the proof of it.

May import `core`, `audio` and `ivr.calls`; no carrier and nothing that conducts calls.
"""
