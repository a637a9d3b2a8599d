"""Measures the media process from outside, over real websockets, with real voices: the numbers of docs/performance.md.

May import `ivr.media` and `ivr.calls`; nothing that answers calls may import it.
"""
