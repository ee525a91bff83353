"""A client of the public wires, as anybody could write one: sign-in over HTTP, and a socket that comes back."""
