"""How customers' products are set up: models of products (data), an engine that explains (pure), both as records."""
