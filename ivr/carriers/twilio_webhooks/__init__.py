"""Twilio without live audio: each turn is a webhook, answered with TwiML; callers answer by keys.

Shares `twilio_rest`, `twilio_signature` and `twilio_fields` with the streams; must not import `twilio_streams`.
"""
