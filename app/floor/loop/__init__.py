"""What the floor's owner does: rounds of apply, commit, tell; timers; memory read from the tables."""
