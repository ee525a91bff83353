"""The shared history: one row a contact that has ended, and callers whom nobody knows yet."""
