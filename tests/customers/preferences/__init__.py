"""How customers want to be served."""
