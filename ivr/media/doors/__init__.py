"""The ways into the media process: its websocket server, and a door for each carrier, with that carrier's sessions.

A door knows one carrier's wire and who may come in; what is said behind it is the conductor's.
"""
