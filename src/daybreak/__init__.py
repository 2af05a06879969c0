"""Daybreak: search, train and keep the best model. The public face: lazy re-exports, imported by nobody inside."""
