"""What any adapter is held against; docs/platforms.md ("Writing an adapter") says how a new one joins."""
