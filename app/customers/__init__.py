"""Customers: who they are, how they are found, and what is kept of them.

`service` makes and changes them; `record`, `duplicates` and `names` say who they are, `profiles` is what pops. What
else concerns customers has a room for itself: agreements, feeds, preferences, products, segments, usage.
"""

import os

# Readings of single characters are looked up, never of phrases, and loading those is a tenth of the program's start.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
