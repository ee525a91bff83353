"""What resources take and give, as types: a file for each, as in `resources`; `common` is shared."""
