"""The 360 view of a customer: what it is composed of, how it is read, who has read it, who was told that it changed."""
