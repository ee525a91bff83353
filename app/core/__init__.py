"""What every room needs: clock, ids, errors, tasks, logs, expressions (CEL)."""
