"""How callers wait: their place, what becomes of them there, and who is offered to whom. Pure."""
