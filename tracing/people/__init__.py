"""Who is who: people, their names, and which entries are one person."""
