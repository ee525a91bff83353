"""Ways of asking a credit bureau; known to the composition root only."""
