"""The administrators' page of secrets: what there is, and the forms to set and to delete a value."""
