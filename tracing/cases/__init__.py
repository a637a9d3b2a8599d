"""What contacts and cases are at any moment: their statuses, what may happen to them, and their generations.

Pure: imports no database, no web and no other part of `tracing`.
"""
