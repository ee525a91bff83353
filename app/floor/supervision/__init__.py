"""Supervisors in a call, and what they do to the floor; their phones are in `call_control`. Pure."""
