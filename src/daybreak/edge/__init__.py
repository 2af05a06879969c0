"""Signed and encrypted bundles, and the device that runs them.

A bundle is made by `packing`, looked at by `verifying`, opened by `unsealing`; what a device remembers of them is in `device`.
"""
