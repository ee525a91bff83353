"""Queues, wrap-up codes and business hours as records."""
