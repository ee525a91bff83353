"""How customers use what they have, and the alerts that rules about it give."""
