"""Evidently's drift of one numeric column, two .npy vectors: seconds of the report alone, imports and frames aside.

python evidently_drift.py REFERENCE.npy WINDOW.npy [psi|wasserstein]
"""

import json
import sys
import time
import warnings

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from evidently import Report  # noqa: E402
from evidently.metrics import ValueDrift  # noqa: E402

reference, window = (pd.DataFrame({"x": np.load(path)}) for path in sys.argv[1:3])
method = sys.argv[3] if len(sys.argv) > 3 else "psi"
seconds = []
for _ in range(3):
    began = time.perf_counter()
    result = Report([ValueDrift(column="x", method=method)]).run(window, reference).dict()
    seconds.append(time.perf_counter() - began)
print(json.dumps({"seconds": min(seconds), "value": float(result["metrics"][0]["value"])}))
