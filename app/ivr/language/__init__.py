"""The language of flows: what a flow, its nodes, words and expressions are, and the state of a call in one. Pure."""
