"""The audit as one self-contained HTML page, for a person who has never heard of leakage: no script, no request to anybody."""
