"""After a gap in the events, or another process: what is on the switch, and what follows from it."""
