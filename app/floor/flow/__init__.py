"""What callers go through before an agent has them: flows, and comfort while they wait. Pure."""
