"""One module per framework: how it answers, and how it becomes files of a package."""
