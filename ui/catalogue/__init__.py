"""The catalogue: cards of models, each with a small picture of its main chart."""
