"""Customers of a model that is watched: as they were, and changed; and somebody who is told."""

import http.server
import json
import threading
from contextlib import contextmanager

import numpy as np

from daybreak.inference.loading import load
from daybreak.monitoring import reference
from daybreak.registry.package import read, seal
from daybreak.testing.packages import mlp_columns

JOBS = ["clerk", "farmer", "teacher", "other"]
WATCH = {"every": 0.5, "quiet": 0.0, "policy": {"rows": 500}}


def customers(rng, rows, *, older=0.0):
    """Rows as the plain route takes them."""
    ages = np.clip(rng.normal(40 + older, 9, rows), 17, 90)
    return [
        {"age": round(float(age), 1), "hours": int(hours), "gain": int(gain), "job": str(job)}
        for age, hours, gain, job in zip(
            ages, rng.integers(20, 60, rows), rng.integers(0, 9000, rows), rng.choice(JOBS, rows), strict=True
        )
    ]


def watched(folder, version=1, *, truth=False):
    """A package with the reference of 2,000 such customers; `truth`: they were asked what is true, and the model was right."""
    mlp_columns(folder, version=version)
    model = load(folder)
    rows = customers(np.random.default_rng(0), 2000)
    fields = {"age": "f4", "hours": "f4", "gain": "f8", "job": object}
    columns = {name: np.array([row[name] for row in rows], dtype) for name, dtype in fields.items()}
    answers = model.predict(columns)
    names = [("<=50K", ">50K")[int(score >= 0.5)] for score in answers["income"][:, 1]]
    made = reference.make(columns, answers, signature=model.signature, truth=names if truth else None)
    model.close()
    (folder / "reference.json").write_bytes(reference.to_json(made))
    seal(folder, read(folder))
    return folder


@contextmanager
def listener():
    """A webhook on loopback: its URL, and the messages that came."""
    came = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            came.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *words):
            """Say nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
