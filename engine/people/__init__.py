"""People: who signs in, with which role, their API tokens, and the log of what was done."""
