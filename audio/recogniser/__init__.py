"""Speech to text, offline, in worker processes forked from one loaded model: `pool.Recognisers` is the way in.

Only `model` imports vosk, and only in the processes that recognise. Must not import `flows` or `ivr`.
"""
