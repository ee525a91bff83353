"""Feeds: files of other systems, read row by row, checked, and given back where a row is wrong."""
