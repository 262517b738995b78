"""Parts of the monitor."""
