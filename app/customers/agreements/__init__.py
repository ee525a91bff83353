"""What customers were promised: clauses (pure), agreements as records, what is due."""
