"""Agents: presence as a table (pure), and agents as records."""
