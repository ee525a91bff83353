"""Asterisk, driven over ARI: events and requests on one WebSocket. `line` is pure; `switch` and `ari` talk."""
