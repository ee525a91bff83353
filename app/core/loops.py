"""The event loop that servers of ours run on."""

import asyncio


def runner() -> asyncio.Runner:
    """A runner on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)
