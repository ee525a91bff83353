"""Playing a flow without a call: conversations that stand beside its file, and a house that is given. Pure."""
