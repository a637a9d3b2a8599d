"""Live audio: the media session every stream carrier offers, and the one conductor that runs a call on it."""
