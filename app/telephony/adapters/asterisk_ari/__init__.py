"""Asterisk, driven over ARI: events and requests on one WebSocket. `line` is pure; `connection` and `server` talk."""
