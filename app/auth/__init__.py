"""Accounts, sign-ins, access tokens, and API keys of other systems."""
