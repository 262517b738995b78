"""A run as a document: its words, its pages and its PDF."""
