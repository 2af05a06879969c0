"""HTTP/1.1 for one replica: httptools parses, a hot request is answered in the parser's callback, others by an ASGI app."""
