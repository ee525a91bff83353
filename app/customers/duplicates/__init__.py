"""Records that may be one customer: found, scored, proposed, merged."""
