"""Teams: who works on which contacts."""
