"""The script engine: `advance(script, state, event) -> Step`, a pure function.

Imports the standard library and itself, nothing else: no database, no web, no sound, no clock.
"""
