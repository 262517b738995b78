"""The form of a model: its fields, its state, its link, its JSON view, and the submission of its values."""
