"""One call on one Asterisk: what is told of it becomes news for the floor and requests to the switch. Pure."""
