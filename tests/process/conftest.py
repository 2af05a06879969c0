"""What processes of several folders share: one that has imported torch, from which others are forked (`warm.py`)."""

import multiprocessing

multiprocessing.set_forkserver_preload(
    [
        "torch._dynamo",
        "sklearn.model_selection",
        "daybreak.train.alone",
        "daybreak.train.parent",
        "daybreak.train.shards",
    ]
)  # what is missing is passed over
