"""The nouns of the marketplace and their checks: pure, no input or output, nothing of ours imported."""
