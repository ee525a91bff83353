"""A simulated telephone platform: tells calls by signed webhook, obeys signed commands, as untidy as real ones."""
