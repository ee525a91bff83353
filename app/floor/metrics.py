"""What operators see of the floor's loop."""

from prometheus_client import Counter, Gauge, Histogram

COMMANDS = Counter("callfloor_commands", "Commands applied by the floor.", ["command", "outcome"])
BATCH_COMMANDS = Histogram(
    "callfloor_batch_commands", "Commands per commit.", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
COMMIT_SECONDS = Histogram(
    "callfloor_commit_seconds",
    "Seconds from handing a batch to the database until it is durable.",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0, 10.0),
)
OWNED = Gauge("callfloor_floor_owned", "1 while this process owns the floor.")
