"""Who belongs to whom: what contacts require, who is ready, who waits, and the engine between them. Pure."""
