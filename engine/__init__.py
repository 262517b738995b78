"""All that happens without a screen, one verb a file."""
