"""ARI itself: what Asterisk tells, what it is asked, and the one WebSocket for both, kept open."""
