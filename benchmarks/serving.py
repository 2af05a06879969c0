"""Requests a second, CPU a request, latency, memory and cold start of one replica, against what people write or install instead.

    python benchmarks/serving.py [--against fastapi bentoml litserve mlserver ray] [--seconds 5] [--rounds 3] [--venvs FOLDER]

Needs `wrk` (Debian's package). Ours is deployed as a user does it, by `daybreak deploy PACKAGE`, all observers on. Rivals run the same ONNX
file, one process for HTTP each, in an environment of their own that is made in FOLDER (kept there for the next time); one that does not
install is left out, and it says why. Rounds alternate, so that both meet the same machine; medians are told. CPU is that of all
processes of a server, supervisors and workers included, from the system's counters. wrk takes a core of its own.

The paced part: wrk's connections pause between requests for so many milliseconds, drawn evenly from 0 to twice the mean, that about half
of the top load is asked for.
"""

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psutil

HERE = Path(__file__).parent / "rivals" / "serving"
PYTHON = sys.executable
NEEDS = {
    "fastapi": ["fastapi", "uvicorn", "httptools", "uvloop"],
    "bentoml": ["bentoml"],
    "litserve": ["litserve"],
    "mlserver": ["mlserver"],
    "ray": ["ray[serve]"],
}
GOALS = {"mlp": {"fastapi": 5.0}, "cnn": {"fastapi": 2.4}}
SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = {body}
{delay}
done = function(summary, latency, requests)
  local found = summary.errors
  local failed = found.status + found.connect + found.read + found.write
  local p50, p99 = latency:percentile(50), latency:percentile(99)
  io.write(string.format("RESULT %d %d %d %.1f %.1f\\n", summary.requests, summary.duration, failed, p50, p99))
end
"""


def mlp(folder):
    from daybreak.testing import packages

    packages.mlp(folder, name="mlp")
    return "64", [round((place * 37 % 100) / 100, 4) for place in range(64)]


def cnn(folder):
    """The layers of the ONNX examples' MNIST network, with weights of chance: 28 x 28 numbers in, ten classes out."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    from daybreak.registry.package import Package, Runtime, Step, seal
    from daybreak.signature.fields import Field, Output, Signature

    draws = np.random.default_rng(0)
    shapes = {"k1": (8, 1, 5, 5), "k2": (16, 8, 5, 5), "w": (256, 10)}
    weights = [
        numpy_helper.from_array((draws.normal(size=shape) / 9).astype(np.float32), name)
        for name, shape in shapes.items()
    ]
    weights.append(numpy_helper.from_array(np.array([-1, 1, 28, 28]), "picture"))
    node = helper.make_node
    nodes = [
        node("Reshape", ["x", "picture"], ["x1"]),
        node("Conv", ["x1", "k1"], ["c1"], auto_pad="SAME_UPPER"), node("Relu", ["c1"], ["r1"]),
        node("MaxPool", ["r1"], ["p1"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["p1", "k2"], ["c2"], auto_pad="SAME_UPPER"), node("Relu", ["c2"], ["r2"]),
        node("MaxPool", ["r2"], ["p2"], kernel_shape=[3, 3], strides=[3, 3]),
        node("Flatten", ["p2"], ["f"]), node("MatMul", ["f", "w"], ["logits"]),
    ]  # fmt: skip
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", ["n", 28, 28]), ("logits", ["n", 10]))
    ]
    graph = helper.make_graph(nodes, "cnn", ends[:1], ends[1:], weights)
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    )
    signature = Signature(
        (Field("features", "tensor", shape=(28, 28)),), (Output("digit", "label", classes=tuple("0123456789")),)
    )
    seal(folder, Package("cnn", 1, 1.7e9, signature, Runtime("onnx"), after=(Step("softmax"),)))
    return "28x28", [[(row * column * 7 % 256) / 255.0 for column in range(28)] for row in range(28)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server that runs: its port, route, body, and all its processes."""

    def __init__(self, name, words, port, body, path="/predict", env=None, cwd=None):
        self.name, self.port, self.path, self.body = name, port, path, json.dumps(body)
        self.log = Path(tempfile.mkdtemp(prefix=f"{name}-")) / "log"
        began = time.perf_counter()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                words, stdout=log, stderr=log, env=os.environ | (env or {}), cwd=cwd, start_new_session=True
            )
        self.cold = self._first_answer(began)

    def _first_answer(self, began):
        while time.perf_counter() - began < 120:
            try:
                if self.ask() == 200:
                    return time.perf_counter() - began
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.005)
        tail = self.log.read_text()[-600:]
        self.stop()
        raise RuntimeError(f"{self.name} does not answer: {tail}")

    def ask(self):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            client.request("POST", self.path, self.body, {"content-type": "application/json"})
            return client.getresponse().status
        finally:
            client.close()

    def processes(self):
        try:
            root = psutil.Process(self.process.pid)
            return [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def cpu(self):
        spent = 0.0
        for one in self.processes():
            try:
                times = one.cpu_times()
                spent += times.user + times.system
            except psutil.NoSuchProcess:
                continue
        return spent

    def memory(self):
        """MB: resident set of the largest process, and proportional set of all (which shares libraries with whoever maps them)."""
        largest, whole = 0.0, 0.0
        for one in self.processes():
            try:
                found = one.memory_full_info()
            except psutil.Error:
                continue
            largest, whole = max(largest, found.rss / 1e6), whole + found.pss / 1e6
        return largest, whole

    def stop(self):
        everyone = self.processes()
        self.process.send_signal(signal.SIGTERM)
        _, left = psutil.wait_procs(everyone, timeout=15)
        for one in left:
            one.kill()


@contextmanager
def running(make):
    server = make()
    try:
        yield server
    finally:
        server.stop()


def load(server, connections, seconds, pause=0):
    """One run of wrk: requests/s, microseconds of CPU a request, p50 and p99 in ms. Raises where answers fail."""
    delay = f"delay = function() return math.random(0, {2 * pause}) end" if pause else ""
    body = f"[[{server.body}]]"
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT.format(body=body.replace("[[", "[==[", 1)[:-2] + "]==]", delay=delay))
        script.flush()
        url = f"http://127.0.0.1:{server.port}{server.path}"
        spent = server.cpu()
        words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script.name, url]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        spent = server.cpu() - spent
    requests, duration, failed, p50, p99 = map(float, re.search(r"RESULT (.*)", said).group(1).split())
    if failed:
        raise RuntimeError(f"{server.name}: {failed:.0f} of {requests:.0f} answers failed: {said}")
    return requests / duration * 1e6, spent / requests * 1e6, p50 / 1e3, p99 / 1e3


def ours(home, package, body, path="/predict"):
    port = free_port()
    words = [
        PYTHON,
        "-m",
        "daybreak.cli",
        "deploy",
        str(package),
        "--port",
        str(port),
        "--home",
        str(home),
        "--name",
        f"d{port}",
    ]
    return Server("daybreak", words, port, body, path)


def rival(name, venvs, package, shape, body):
    """A way to start a rival; makes its environment first. Raises `RuntimeError` with the reason where that fails."""
    venv, model = venvs / name, package / "model.onnx"
    python = venv / "bin" / "python"
    if not python.exists():
        subprocess.run([PYTHON, "-m", "venv", str(venv)], check=True)
    if subprocess.run([python, "-c", f"import {name}, onnxruntime"], capture_output=True, check=False).returncode:
        words = [python, "-m", "pip", "install", "-q", *NEEDS[name], "onnxruntime", "numpy"]
        asked = subprocess.run(words, capture_output=True, text=True, check=False)
        if asked.returncode:
            raise RuntimeError(f"{name} does not install: {asked.stderr.strip().splitlines()[-1]}")
    port, env = free_port(), {"MODEL": str(model), "PATH": f"{venv / 'bin'}:{os.environ['PATH']}"}
    plain = {"features": body}
    if name in ("fastapi", "litserve", "ray"):
        words = [str(python), str(HERE / f"{name}_app.py"), str(model), str(port), shape]
        return lambda: Server(name, words, port, plain, env=env)
    if name == "bentoml":
        words = [
            str(venv / "bin" / "bentoml"),
            "serve",
            "bentoml_app:Digits",
            "--port",
            str(port),
            "--host",
            "127.0.0.1",
        ]
        return lambda: Server(name, words, port, plain, env=env | {"BENTOML_DO_NOT_TRACK": "1"}, cwd=HERE)
    return lambda: _mlserver(venv, port, env, body)


def v2(body):
    flat = [value for row in body for value in (row if isinstance(row, list) else [row])]
    shape = [1, len(body)] if not isinstance(body[0], list) else [1, len(body), len(body[0])]
    return {"inputs": [{"name": "features", "datatype": "FP32", "shape": shape, "data": flat}]}


def _mlserver(venv, port, env, body):
    folder = Path(tempfile.mkdtemp(prefix="mlserver-"))
    shutil.copy(HERE / "mlserver_app.py", folder)
    settings = {
        "http_port": port,
        "host": "127.0.0.1",
        "grpc_port": free_port(),
        "metrics_port": free_port(),
        "parallel_workers": 0,
        "debug": False,
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps({"name": "mlp", "implementation": "mlserver_app.Digits"}))
    words = [str(venv / "bin" / "mlserver"), "start", str(folder)]
    return Server("mlserver", words, port, v2(body), "/v2/models/mlp/infer", env | {"PYTHONPATH": str(folder)}, folder)


def compare(title, mine, theirs, connections, options, goal):
    """Alternate, and tell the ratio."""
    load(mine, connections, 1), load(theirs, connections, 1)
    both = [[load(one, connections, options.seconds) for one in (mine, theirs)] for _ in range(options.rounds)]
    rate, cpu = (median(pair[0][place] for pair in both) for place in (0, 1))
    their_rate, their_cpu = (median(pair[1][place] for pair in both) for place in (0, 1))
    print(
        f"{title}, {connections} connections: {rate:,.0f}/s, {cpu:.1f} us CPU; {theirs.name} {their_rate:,.0f}/s, {their_cpu:.0f} us: "
        f"{rate / their_rate:.1f}x the requests/s (to reach {goal:g}x), 1/{their_cpu / cpu:.1f} of the CPU",
        flush=True,
    )


def alone(mine, options):
    """What needs no rival: latency at half the top load, memory, cold start."""
    top = max(load(mine, 64, options.seconds)[0] for _ in range(2))
    pause = max(1, round(64 / (top / 2) * 1e3))
    rate, _, p50, p99 = load(mine, 64, options.seconds, pause)
    share, ratio = rate / top, p99 / p50
    print(
        f"top load {top:,.0f}/s; at {share:.0%} of it p50 {p50:.2f} ms, p99 {p99:.2f} ms: {ratio:.1f}x (under 5x)",
        flush=True,
    )
    largest, whole = mine.memory()
    print(
        f"memory of the replica {largest:.0f} MB resident (100 MB); of all processes {whole:.0f} MB proportional",
        flush=True,
    )


def main():
    asked = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    asked.add_argument("--against", nargs="*", default=list(NEEDS), choices=list(NEEDS))
    asked.add_argument("--seconds", type=int, default=5)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--venvs", type=Path, default=Path(tempfile.gettempdir()) / "daybreak-rivals")
    options = asked.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("this needs wrk: apt-get install wrk")
    with tempfile.TemporaryDirectory() as held:
        for kind, make in (("mlp", mlp), ("cnn", cnn)):
            package = Path(held) / kind
            shape, body = make(package)
            measure(kind, package, shape, body, Path(held) / "home", options)


def measure(kind, package, shape, body, home, options):
    title = {"mlp": "MLP 64-128-10, one row of JSON", "cnn": "CNN 28 x 28, one row of JSON"}[kind]
    with running(lambda: ours(home, package, {"features": body})) as mine:
        if kind == "mlp":
            colds = [mine.cold]
            for _ in range(2):
                with running(lambda: ours(home, package, {"features": body})) as again:
                    colds.append(again.cold)
            print(f"cold start to the first 200: {median(colds):.2f} s (1.5 s)")
            alone(mine, options)
        for name in options.against if kind == "mlp" else [one for one in options.against if one == "fastapi"]:
            try:
                with running(rival(name, options.venvs, package, shape, body)) as theirs:
                    against(kind, title, mine, theirs, (home, package, body), options)
            except (RuntimeError, subprocess.CalledProcessError) as error:
                print(f"{name}: left out: {str(error)[-300:]}")


def against(kind, title, mine, theirs, made, options):
    goal = GOALS[kind].get(theirs.name, 10.0)
    print(f"{theirs.name}: cold start {theirs.cold:.2f} s, memory {theirs.memory()[1]:.0f} MB")
    if theirs.name == "mlserver":  # by its own protocol, which ours speaks, too
        home, package, body = made
        with running(lambda: ours(home, package, v2(body), f"/v2/models/{kind}/infer")) as mine_v2:
            compare("MLP, V2 JSON", mine_v2, theirs, 16, options, goal)
    for connections in (16, 64):
        compare(title, mine, theirs, connections, options, goal)


if __name__ == "__main__":
    main()
