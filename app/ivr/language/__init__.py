"""The language of flows: flows, nodes, words, templates and what expressions see; texts read, phrases, pacing. Pure."""
