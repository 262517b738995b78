"""What is asked of several runs together."""
