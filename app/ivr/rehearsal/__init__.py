"""Playing a flow without a call: conversations beside it, and a house that is given. Pure."""
