"""Calls: the call and its log, the turn transaction, the effects that scripts may ask for.

May import `flows`, `core` and the pure `audio.decision`; must not import carriers, campaigns, media or the simulator.
"""
