"""Recordings as kept: their stores, listening by ranges, and how long they stay."""
