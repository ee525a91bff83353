"""Owning the floor: rounds of apply, commit, tell; timers; memory read from the tables."""
