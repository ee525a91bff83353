"""The generic CTI webhook: any platform that can send and take signed JSON (Standard Webhooks) speaks it."""
