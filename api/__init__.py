"""The HTTP door: the same verbs as the pages', compatible with the MCLAVIER Marketplace's API."""
