"""The administrators' page of the database: tables, a query with its rows, chart and file, and saved queries."""
