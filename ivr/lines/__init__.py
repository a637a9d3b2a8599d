"""Lines: how the sound of a telephone that is ours to serve (SIP, a browser) reaches the media process.

Only the wire: messages and tickets. May import `core` and `audio.codec`; nothing that conducts calls.
"""
