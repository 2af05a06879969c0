"""Model packages on disk, and the journal of names, versions and aliases."""
