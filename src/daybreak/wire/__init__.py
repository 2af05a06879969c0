"""What travels: worker-agent frames, the local API, the rows of the read tables."""
