"""PostgreSQL: engine and pool, the embedded server, migrations, partitions."""
