"""Follow-up: from when until when somebody is called, on which days, where they stay meanwhile, and when it ends.

Pure: imports the rulebook and the statuses, no database, no web. Days are calendar dates of the department's zone.
"""
