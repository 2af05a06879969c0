"""Champion and challenger: who is sent where, and what may be said of the outcome at any time."""
