"""Tracing: people, cases, contacts, records of what was said, lists in and out.

May import `ivr` and what stands below it; must not import `telehealth` or `admin`.
"""
