"""Command lines for administrators: `python -m engine.commands.NAME`."""
