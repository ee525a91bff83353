"""The live floor.

`service` is its face: submit a command, get its durable answer; `running` ends it with the server, `alongside` is
what else runs as long as it is owned. `state` is the pure machine, of the rooms `handlers` to `memory`; `invariants`
is what tests hold it against. `loop`, `journal` and `orders` are around it.
"""
