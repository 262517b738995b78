"""Webhooks: addresses that are told when runs have ended."""
