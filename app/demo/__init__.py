"""The demo bank: its people, a simulated telephone platform, simulated agents and a live view of the floor.

The simulations are clients like any other: signed webhooks, the public socket and the public HTTP API,
over real HTTP, each in a process of its own. Nothing below this room knows of it.
"""
