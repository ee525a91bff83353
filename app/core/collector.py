"""Python's cycle collector, set for a server: it looks less often, and not at what is there for good.

By default it runs after every seven hundred new objects, which is every few commands, and now and then walks through
everything that is alive: every agent, caller and socket. Hardly anything of ours is a cycle; reference counts free it.
"""

import gc

NEW_OBJECTS = 10_000
YOUNG_ROUNDS = 10
OLD_ROUNDS = 100


def wait_for_start() -> None:
    """Call it before the program is imported: all that comes to be until `calm` stays, and a fifth of the start would
    go into looking at it again and again."""
    gc.disable()


def calm() -> None:
    """Call it when the process has started: what is there now is never looked at again."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, YOUNG_ROUNDS, OLD_ROUNDS)
