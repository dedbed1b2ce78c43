"""What registration ships beside its code: password rules, word lists, model terms."""
