"""The edge: HTTP and sockets.

`application` is the whole, `resources` has a file for each resource of /api/v1, `schemas` what they take and give,
`http` what all routes share; `platforms` takes news of calls, `sockets` serves agents and supervisors. What stands
beside these is mostly served elsewhere than below /api/v1: health, the pages that show the API, feeds by webhook, and
what switches fetch.
"""
