"""What a model is and what it may reach, beside its form."""
