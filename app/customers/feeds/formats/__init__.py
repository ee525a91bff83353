"""Rows as files have them: CSV, NDJSON and spreadsheets, in any encoding, a piece at a time. Pure."""
