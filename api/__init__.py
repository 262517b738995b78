"""HTTP: the same verbs as the pages', and at /api/mclavier in the shapes of the MCLAVIER Marketplace's API."""
