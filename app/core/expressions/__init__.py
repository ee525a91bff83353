"""Expressions in CEL, for every room that lets people write rules. Pure."""
