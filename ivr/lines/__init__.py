"""Lines: how the sound of a telephone that is ours to serve (SIP, a browser) reaches the media process.

Only the wire: messages, tickets, and which lines are up. May import `core` and `audio.codec`; nothing that conducts
calls.
"""
