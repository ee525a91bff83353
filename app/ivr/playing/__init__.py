"""Playing a flow, one event at a time. Pure."""
