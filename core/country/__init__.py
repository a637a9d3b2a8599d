"""The administrative units of Viet Nam, before the mergers of 1 July 2025 and since. Pure: no database, no clock.

Must import nothing but itself and the standard library.
"""
