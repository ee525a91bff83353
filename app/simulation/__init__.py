"""What would happen with other staff or other rules: the production routing engine under a virtual clock.

A scenario (`scenario`, read and checked by `reading`) says who calls, who works and by which rules. `streams` draws the
contacts, `loop` lets them meet the agents through `app.routing.engine`, the very engine that the floor routes with,
`ledger` keeps what became of each, `results` reads the figures off with their confidence intervals.

Unlike other pure rooms this one needs chance: `random.Random`, seeded from the scenario, in `streams` alone, so that a
scenario gives the same decisions byte for byte. There is no clock here, and no I/O but the read in `history`.
"""
