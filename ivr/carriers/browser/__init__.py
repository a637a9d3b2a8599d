"""The telephone in the browser: an officer tries a script aloud, from the console, with no telephone and no account.

The sound travels over `ivr.lines`; here is only how such a call is opened, and how one that was left behind is found.
"""
