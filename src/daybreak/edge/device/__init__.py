"""What a device remembers: which bundle it serves, which it tries, and below which version it never goes again.

state.json    `state`, authenticated with a key that only the device has
bundles/      installed bundles by their digests, encrypted as they came
lock          held while the state is changed
"""
