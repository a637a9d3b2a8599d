"""Campaigns: who is to be called, when, how often, and the one dial per attempt.

May import `ivr.calls` and `core`; reaches carriers only through the port in `ivr.carriers.base`.
"""
