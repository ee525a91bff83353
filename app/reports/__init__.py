"""Metrics as defined, and the SQL that counts them."""
