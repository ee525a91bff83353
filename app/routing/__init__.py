"""Routing: `engine` decides, pure, for the floor and the simulation alike; `records` keeps queues and hours."""
