"""Rows as files have them: CSV, NDJSON, their encodings and cells, a piece at a time. Pure."""
