"""One module per matter; each view parses, asks, and renders or redirects."""
