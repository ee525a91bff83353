"""Credit standing: asking a bureau on demand, and what was ever answered."""
