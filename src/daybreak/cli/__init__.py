"""Commands; tables, progress and errors for people; `--json` for programs."""
