"""Lists of contacts: read, checked, brought in."""
