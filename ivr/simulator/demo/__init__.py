"""The demo: a campaign against simulated people, driven from outside over HTTP only, and checked at the end."""
