"""What people read, in French and English: texts, dates and numbers."""
