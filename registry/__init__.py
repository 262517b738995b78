"""Which models exist, and at which version. Apart from the rest because this is where strangers' code comes in."""
