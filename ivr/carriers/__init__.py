"""Carriers: what connects us with the telephone network. One folder each; none imports another.

May import `ivr.calls`, `flows`, `audio` and `core`; must not import campaigns, media or the simulator.
"""
