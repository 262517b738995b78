"""The MCLAVIER Marketplace's API at /api/mclavier: its routes, shapes and tolerance over the same verbs as ours."""
