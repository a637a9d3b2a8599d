"""The simulated telephone network: speaks Twilio's wire protocols to us on behalf of simulated people.

A simulator, not a telephone company. It talks to the running processes over HTTP and websockets only.
"""
