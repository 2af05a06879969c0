"""Property tests draw 25 examples each and no deadline: the machine may be busy. DAYBREAK_EXAMPLES=500 looks harder."""

import os

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "daybreak",
    max_examples=int(os.environ.get("DAYBREAK_EXAMPLES", "25")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    print_blob=True,
)
settings.load_profile("daybreak")
