"""Rehearsals: a whole campaign on a virtual clock, with its own rules, against people who do not exist.

`simulation` and what it is made of are functions of values: they know no database, no outbox and no carrier (an import
contract holds it), so a rehearsal cannot ring anybody. `reading` is the edge that looks at a campaign, in a transaction
that PostgreSQL lets only read; `store` keeps the report.
"""
