"""Scripts of telephone calls: the language, its validation, the pure engine, the linter and the library of scripts.

May import `core`. Must not import `audio`, `ivr` or anything above them.
"""
