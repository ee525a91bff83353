"""What events, agents, time and failed orders do to the floor: the upper end of what is pure."""
