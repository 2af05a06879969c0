"""Training loops that belong to a framework: a callback for each, which freezes and resumes it."""
