"""deepchecks' TrainTestSamplesMix on two .npy matrices: seconds of the check alone, and the share it found.

python deepchecks_mix.py TRAIN.npy TEST.npy
"""

import json
import sys
import time
import warnings

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from deepchecks.tabular import Dataset  # noqa: E402
from deepchecks.tabular.checks import TrainTestSamplesMix  # noqa: E402

names = [f"x{i}" for i in range(np.load(sys.argv[1], mmap_mode="r").shape[1])]
train, test = (
    Dataset(pd.DataFrame(np.load(path), columns=names), label=names[-1], cat_features=[]) for path in sys.argv[1:]
)
began = time.perf_counter()
check = TrainTestSamplesMix(n_samples=None)
result = check.run(train, test)
print(json.dumps({"seconds": time.perf_counter() - began, "ratio": result.value["ratio"]}))
