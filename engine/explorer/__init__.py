"""The explorer: queries that read the database, for administrators."""
