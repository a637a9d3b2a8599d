"""The schema's history. `upgrade` brings a database to the newest; models equal migrations, by test."""
