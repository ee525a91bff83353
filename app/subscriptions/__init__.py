"""Changes told to the bank's other systems: who subscribes, what they are told, and its delivery."""
