"""Calls: the call and its log, the turn transaction, the effects that scripts may ask for.

May import `flows` and `core`; must not import carriers, campaigns, media or the simulator.
"""
