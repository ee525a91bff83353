"""What callers go through before and while they wait: flows, comfort, recordings. Pure."""
