"""The local socket: requests in, replies out."""
