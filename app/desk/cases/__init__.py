"""Cases: what somebody wants of the bank, until it is solved."""
