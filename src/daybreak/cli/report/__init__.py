"""One self-contained HTML page about an experiment: data gathered through the client, drawn by a script of our own."""
