"""Plans of every statement on tables as a large installation has them."""
