"""What the pages show, read from the database: every query is scoped to the viewer's area. Must not import Flask."""
