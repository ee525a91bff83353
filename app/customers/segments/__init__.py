"""Tiers and segments by rules: judged in bulk and on change, tried before they count, and told move by move."""
