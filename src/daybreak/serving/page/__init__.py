"""The page of a deployment, made from its signature: `document` puts it together, `controls` are its form; what moves is in `script/`.

The document is whole when it arrives: its script fills in answers and never moves what stands there. It asks nobody but its own server,
keeps a token in the tab's memory alone, and says to programs what it says to eyes.
"""
