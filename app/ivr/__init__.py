"""Flows: what callers hear and are asked. `language` says what a flow is, `playing` plays one."""
