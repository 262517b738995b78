"""A run as files: workbook, Parquet, JSON, and a bundle that computes it again."""
