"""A run on the page: its progress, its result as figures, charts and tables, its downloads, its provenance."""
