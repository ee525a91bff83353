"""Flows: what callers hear and are asked.

`language` says what a flow is, `checks` whether it can be played, `playing` plays it, `rehearsal` without a call;
`drawing` shows it, `records` keeps it. `fetching` makes the requests of flows, `vault` has secrets for minutes.
"""
