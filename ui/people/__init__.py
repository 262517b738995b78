"""People and their rights on the page: API tokens, people, the audit log, and who may read a run."""
