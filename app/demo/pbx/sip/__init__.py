"""A SIP phone over UDP: what a softphone of an agent or of a caller does, as far as a call centre meets it."""
