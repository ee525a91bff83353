"""The few colours of the screens: most is dim, what matters is bright, what is wrong is warm."""

DIM = "#6b7585"
FRAME = "#3a4250"
BRIGHT = "#d7dde6"
GOOD = "#7fbf7f"
WARN = "#e0b13c"
BAD = "#e06c75"
