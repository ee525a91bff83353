"""Business hours: the form in which people write them, public holidays, and when a queue is served. Pure."""
