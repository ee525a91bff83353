"""Playing a flow, one event at a time, and the state that is kept of a call. Pure."""
