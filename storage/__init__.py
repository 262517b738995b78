"""The only SQL: embedded server, database, tables, migrations, and a file for each noun that is kept."""
