"""Twilio with live audio: the TwiML that opens a Media Stream, and the pure codec of its messages.

Shares `twilio_rest` and `twilio_signature` with the webhooks; must not import `ivr.media`, which imports the codec.
"""
