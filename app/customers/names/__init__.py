"""Names: how alike two are, and what customers are found by."""
