"""Flows as records: drafts, versions, publication, and what they name."""
