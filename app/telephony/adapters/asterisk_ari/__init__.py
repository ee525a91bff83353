"""Asterisk, driven over ARI: events and requests on one WebSocket.

`switches` has them all, `switch` is one; `messenger` brings news to the floor, `phones` and `missing_phones` tell of
phones. `line` is one call (pure), `gaps` what is found after a gap in the events, `ari` the interface and the
connection.
"""
