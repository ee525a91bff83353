"""Customers: who they are, how they are found, and what is kept of them."""

import os

# Readings of single characters are looked up, never of phrases, and loading those is a tenth of the program's start.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
