"""The live floor. `service` is its face: submit a command, get its durable answer. `state` is the pure machine."""
