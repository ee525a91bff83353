"""Who is on a contact's call, how they come to it and how they leave it, in CSTA's words. Pure."""
