"""Secrets that an administrator stored: set, deleted, encrypted anew, and handed to runs that were granted them."""
