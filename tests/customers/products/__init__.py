"""Products: their models, the engine that explains, and both as records."""
