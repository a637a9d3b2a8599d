"""How each language says digits, letters, numbers, dates and times of day. Pure tables and rules, one module each.

Imports nothing but itself. A new language is a module with a `SPOKEN` here and a line in `flows.engine.spoken`.
"""
