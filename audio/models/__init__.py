"""Vosk models on this machine: which there are, and how to get another. Must not import `audio.recogniser`."""
