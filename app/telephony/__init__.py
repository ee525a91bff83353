"""The vocabulary between us and telephone platforms, delivery of orders, and the adapters."""
