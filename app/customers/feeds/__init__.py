"""Feeds: files of other systems, read row by row, checked, and given back where a row is wrong.

`files` imports a file and `streams` a stream, both by `importing`; `opening` finds the rows, in `formats` (sheets,
which open files, in `xlsx_rows`), `columns` checks them, `tables` writes them.
"""
