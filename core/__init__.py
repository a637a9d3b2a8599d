"""What every package stands on: settings, clock, ids, errors, phone numbers, database, outbox, jobs, users and rights,
audit, encryption, migrations.

Must not import any other package of the project.
"""
