"""What a person sees in the terminal: pictures drawn from what the public wires told. Models are pure, drawing too."""
