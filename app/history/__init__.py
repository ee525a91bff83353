"""The history of a customer: everything that happened in one order, finding in it, and all of it told at once."""
