"""What every page shares: navigation, style, cached reads, words for times and sizes, safe text, the guide."""
