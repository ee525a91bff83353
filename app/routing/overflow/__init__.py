"""When a queue does not take a contact: rules, their form, and what became of it in sentences. Pure."""
