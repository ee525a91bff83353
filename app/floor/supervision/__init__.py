"""Supervisors in a call, and what they do to the floor. Pure."""
