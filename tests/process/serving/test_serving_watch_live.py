"""A deployment that is watched, live: rows come to two replicas, a window drifts, somebody is told."""

import json
import time

import numpy as np
import pytest
from experiment_live import PATIENCE, deployed
from watch_cases import WATCH, customers, listener, watched

pytestmark = pytest.mark.enable_socket


def drift(shop):
    shop._connection.request("GET", "/drift")
    answer = shop._connection.getresponse()
    return answer.status, json.loads(answer.read())


def until(shop, wanted, rows):
    """What /drift says as soon as it is so; `rows` are asked again and again meanwhile."""
    deadline = time.monotonic() + PATIENCE
    while True:
        assert shop.ask(rows())[0] == 200
        status, told = drift(shop)
        assert status == 200
        if wanted(told):
            return told
        assert time.monotonic() < deadline, told
        time.sleep(0.05)


def test_drift_is_seen_and_told(tmp_path):
    rng = np.random.default_rng(1)
    package = watched(tmp_path / "income")
    with listener() as (url, came), deployed(tmp_path, package, replicas=2, watch=WATCH | {"webhooks": [url]}) as shop:
        same = until(shop, lambda told: told["standing"] == "ok", lambda: customers(rng, 250))
        assert same["arms"][0]["rows"] >= 500
        assert came == []

        drifted = until(shop, lambda told: told["standing"] == "drift", lambda: customers(rng, 250, older=12))
        assert "age differs from the reference" in drifted["says"] or "age," in drifted["says"]
        assert "input age" in drifted["arms"][0]["alarms"]

        until(shop, lambda _: came, lambda: customers(rng, 1))
        assert came[0]["news"] == "began"
        assert came[0]["deployment"] == "shop"
        assert came[0]["rows"] >= 500
