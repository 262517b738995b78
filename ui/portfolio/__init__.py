"""A portfolio session on its page: what it is worth, its holdings, and the analysis of one of them."""
