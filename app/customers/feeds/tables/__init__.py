"""From checked records to rows of tables, and the statements that write them."""
