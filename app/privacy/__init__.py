"""Erasing customers, and letting go of what is kept no longer."""
