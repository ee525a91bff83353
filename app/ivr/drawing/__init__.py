"""A flow as a picture. Pure."""
