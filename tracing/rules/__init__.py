"""The dated rulebook: which measures which decision asks for, where, from when until when, and for whom.

Pure: files in, frozen values out. Imports no database, no web and no other part of `tracing`.
"""
