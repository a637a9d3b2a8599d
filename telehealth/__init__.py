"""Telehealth: practitioners and their hours, slots, holds, appointments, the doctors' queue.

May import `tracing` and what stands below it; must not import `admin`.
"""
