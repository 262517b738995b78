"""Which models exist, and at which version. It stands apart because strangers' code has another trust."""
