"""A device at work: one process that serves its bundle over HTTP, tries updates, keeps or drops them."""
