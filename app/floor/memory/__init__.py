"""What is on the floor, as immutable values with indexes; one command's work on them, and the effects of it. Pure."""
