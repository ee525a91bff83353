"""News of telephone platforms on its way to the floor: the caller is looked up, the event told."""
