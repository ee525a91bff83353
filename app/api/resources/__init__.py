"""The resources of /api/v1, a file each, and the router that has them all."""
