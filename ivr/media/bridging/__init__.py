"""Two people on two lines: the room in which they meet, what whoever waits hears, the sound from one to the other."""
