"""Telephone calls: turns, carriers, the media conductor, campaigns and the dialer, the simulated telephone network.

May import `flows`, `audio` and `core`; must not import `tracing`, `telehealth` or `admin`.
"""
