"""What resources take and give, as types, by what they are about; `common` is shared, `seen` says who sees what."""
