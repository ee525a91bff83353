"""Playing a flow, one event at a time, the state that is kept of a call, and what who waits hears of it. Pure."""
