"""The edge: HTTP and sockets. `application` is the whole, `resources` has a file for each resource of /api/v1."""
