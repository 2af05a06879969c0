"""A package as a service: HTTP, gRPC and a page."""
