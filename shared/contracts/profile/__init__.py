"""Messages of the complementary information: the person and the declared establishment."""
