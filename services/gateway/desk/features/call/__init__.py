"""The page of a call about a lost phone."""
