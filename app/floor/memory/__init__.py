"""What is on the floor, as immutable values with indexes, and how it shows itself; what is under way; a command's work
and its effects. Pure.
"""
