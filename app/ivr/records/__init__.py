"""Flows as records: drafts, versions and how they differ, publication, and what they name."""
