"""Real calls: a real Asterisk, real SIP, real sound, on loopback."""
