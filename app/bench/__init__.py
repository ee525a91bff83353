"""Measures Callfloor on the machine at hand, beside two yardsticks, and writes down what it found."""
