"""A real switch on this machine: Asterisk in a folder of its own, started and stopped by us, and SIP phones.

Tests and the demo use it. Everything stays on the loopback interface.
"""
