"""Simulated agents: people at desks who use the public socket, mostly well."""
