"""A model's call as code for other programs: Python, R, a shell and Excel."""
