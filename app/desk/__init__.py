"""What is worked on at the desk after, and beside, a contact: cases, and what else takes longer than a call."""
