"""The life of a call, of its legs and of its recordings. Pure."""
