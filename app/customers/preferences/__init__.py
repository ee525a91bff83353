"""How customers want to be served: a catalogue of wishes (pure), and each customer's as records."""
