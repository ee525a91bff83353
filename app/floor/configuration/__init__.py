"""What the floor decides by, read from the records; and what of it has changed."""
