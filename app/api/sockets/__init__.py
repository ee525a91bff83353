"""The sockets of agents and supervisors: subprotocol `callfloor.v1`, JSON text frames."""
