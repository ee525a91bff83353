"""The floor's orders on their way to the platforms, and what became of them."""
