"""The SIP carrier: telephones and trunks of the department's own, through a gateway process on baresip.

The gateway is thin: a SIP call on one side, a line (`ivr.lines`) to the media process on the other. It conducts no call
and hears no speech, so it must not import `ivr.media`. `baresip` is imported by `stack` only.
"""
