"""Signed and encrypted bundles, and the device that runs them."""
