"""The prices that are replayed where no other source is chosen, and how they were made."""
