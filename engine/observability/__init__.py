"""What the installation reports of itself: log lines, traces, metrics, blocked event loops."""
