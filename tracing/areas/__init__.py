"""Areas in lists and in the database, found by code or by name."""
