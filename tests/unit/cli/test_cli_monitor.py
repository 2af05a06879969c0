"""`daybreak monitor`: standing, settings, files compared with a reference, and what it refuses."""

import csv
import json
import time
from pathlib import Path

import numpy as np
import pytest

from daybreak.base.home import Home
from daybreak.cli.main import main
from daybreak.inference.loading import load
from daybreak.monitoring import reference
from daybreak.registry.package import read, seal
from daybreak.serving import desired
from daybreak.serving.deployment import Deployment, Served
from daybreak.serving.watch import closed, report, standing
from daybreak.testing.packages import regression

FIELDS = ("area", "rooms", "floor", "age")


def flats(seed, rows, *, larger=0.0):
    rng = np.random.default_rng(seed)
    return {
        "area": np.round(rng.normal(80 + larger, 15, rows), 1).astype(np.float32),
        "rooms": rng.integers(1, 6, rows).astype(np.float32),
        "floor": rng.integers(0, 5, rows).astype(np.float32),
        "age": rng.uniform(0, 90, rows).astype(np.float32),
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder with a package, files of flats, and a home with a deployment that does not run."""
    folder = tmp_path_factory.mktemp("shop")
    regression(folder / "price")
    model = load(folder / "price")
    sample = flats(0, 1500)
    answers = model.predict(sample)
    made = reference.make(sample, answers, signature=model.signature, truth=answers["price"][:, 0])
    (folder / "price" / "reference.json").write_bytes(reference.to_json(made))
    seal(folder / "price", read(folder / "price"))
    for name, larger in (("same", 0.0), ("larger", 12.0)):
        held = flats(1, 700, larger=larger)
        with (folder / f"{name}.csv").open("w", newline="") as file:
            lines = csv.writer(file)
            lines.writerow([*FIELDS, "paid"])
            paid = model.predict(held)["price"][:, 0] + 50
            lines.writerows(zip(*(held[field] for field in FIELDS), paid, strict=True))
    model.close()
    (folder / "empty.csv").write_text("area,rooms,floor,age\n")
    (folder / "wrong.csv").write_text("area,rooms,floor,age\nbig,1,1,1\nsmall,1,1,1\n")
    (folder / "few.csv").write_text("area,rooms,floor,age\n80,3,1,20\n")
    (folder / "none.jsonl").write_text('{"area": 80, "rooms": 3, "floor": 1, "age": 20}\n')
    regression(folder / "bare")
    served = (Served("champion", "price", 1, str(folder / "price")),)
    desired.write(desired.folder_of(Home(folder / "home"), "shop"), Deployment("shop", served))
    return folder


@pytest.fixture
def monitor(shop, monkeypatch, capsys):
    """Runs the command: its status, what it printed, what it complained of."""
    monkeypatch.chdir(shop)

    def run(*words):
        with pytest.raises(SystemExit) as ended:
            main(["monitor", *words, "--home", "home"])
        told = capsys.readouterr()
        return ended.value.code or 0, told.out, told.err

    return run


def test_files_are_compared_with_a_models_reference(monitor):
    status, told, _ = monitor("compare", "./price", "same.csv")
    assert (status, "price 1: ok" in told, "700 rows compared" in told) == (0, True, True)
    status, told, _ = monitor("compare", "./price", "larger.csv", "--json")
    found = json.loads(told)
    assert (status, found["verdict"]["standing"]) == (1, "drift")
    assert {test["column"] for test in found["verdict"]["tests"] if test["alarm"]} == {"area", "price"}


def test_too_few_rows_are_said_once(monitor):
    assert monitor("compare", "./price", "few.csv")[1].startswith("price 1: too few rows to tell: 1 of ")


def test_mail_without_a_server_is_warned_of(monitor):
    assert monitor("set", "shop", "--mail", "me@example.org", "--mail-host", "mx")[2] == ""
    status, _, warned = monitor("set", "shop", "--mail", "me@example.org")
    assert (status, "warning: no --mail-host was named, so mail is handed to localhost:25" in warned) == (0, True)
    monitor("set", "shop", "--mail", "none")


def test_without_the_model_its_inputs_alone_are_compared(monitor):
    status, told, _ = monitor("compare", "./price", "larger.csv", "--inputs-only", "--json")
    tests = json.loads(told)["verdict"]["tests"]
    assert (status, {test["side"] for test in tests}) == (1, {"input"})


def test_columns_of_other_names_are_mapped(monitor):
    Path("renamed.csv").write_text(Path("same.csv").read_text().replace("area", "size", 1))
    assert monitor("compare", "./price", "renamed.csv")[0] == 2
    assert monitor("compare", "./price", "renamed.csv", "--column", "area=size")[0] == 0


def test_right_answers_in_a_column_measure_the_model(monitor):
    status, told, _ = monitor("compare", "./price", "same.csv", "--truth", "paid", "--json")
    score = json.loads(told)["performance"]["score"]
    assert (status, score["name"], round(score["value"])) == (1, "mae", 50)


def test_settings_are_kept_with_the_deployment_and_change_one_by_one(monitor, shop):
    assert monitor("set", "shop", "--every", "60", "--webhook", "http://127.0.0.1/hook", "--psi", "0.2")[0] == 0
    status, told, _ = monitor("set", "shop", "--rows", "1000", "--mail", "me@example.org", "--mail-host", "mx:587")
    assert status == 0
    assert "after 1 min 00 s and 1,000 rows" in told
    assert "alerts go to http://127.0.0.1/hook, me@example.org" in told
    watch = desired.read(shop / "home" / "deployments" / "shop").watch
    assert watch["policy"] == {"psi": 0.2, "rows": 1000}
    assert (watch["email"]["host"], watch["email"]["port"]) == ("mx", 587)
    assert monitor("set", "shop", "--webhook", "none", "--mail", "none")[1].endswith("alone\n")


def test_before_anything_was_watched_it_says_so(monitor):
    assert monitor("status", "shop")[1].startswith("shop: nothing was watched yet")
    assert json.loads(monitor("status", "shop", "--json")[1])["standing"] == "waiting"
    assert monitor("windows", "shop")[1] == "shop closed no window in the last 1 day\n"


def test_how_it_stood_when_nobody_watches_any_more(monitor, shop):
    folder = shop / "home" / "deployments" / "shop"
    (folder / "windows").mkdir()
    arm = standing.ArmStanding(
        "champion", "price", 1, "drift", "area differs", {"input area": "mean 9, 8"}, open_rows=7
    )
    standing.write(folder, standing.of_arms(time.time() - 7200, (arm,)))
    status, told, _ = monitor("status", "shop")
    assert status == 1
    assert "as it stood 2 h ago: nobody watches shop now" in told
    assert "price 1 (champion): drift, area differs" in told
    (folder / "windows" / "now.json").unlink()


def test_a_report_is_not_written_where_there_is_no_folder(monitor, monkeypatch):
    monkeypatch.setattr(closed, "days", lambda _: ["2026-01-01"])
    monkeypatch.setattr(report, "made", lambda *_: "<p>a day</p>")
    status, _, told = monitor("report", "shop", "-o", "none/x.html")
    assert (status, "cannot write none/x.html: the folder none does not exist" in told) == (2, True)
    assert monitor("report", "shop", "-o", "x.html")[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("status", "nobody"), "there is no deployment nobody"),
        (("report", "shop"), "has no window of any day"),
        (("report", "shop", "--day", "2020-01-01"), "has no window of 2020-01-01"),
        (("compare", "./price", "same.csv", "--truth", "sold"), "same.csv has no column 'sold'; its columns are area"),
        (("compare", "./price", "none.jsonl", "--truth", "sold"), "no row has a right answer in 'sold'"),
        (("compare", "./price", "empty.csv"), "nothing can be compared without rows"),
        (("compare", "./price", "wrong.csv"), "all 2 are none that the model takes"),
        (("set", "shop", "--mail", "me"), "an address as NAME@HOST, one each, got 'me'"),
        (("set", "shop", "--mail", "a@b", "--mail-from", "shop"), "NAME@HOST, one each, got 'shop'"),
        (("set", "shop", "--mail", "a@b,c@d"), "NAME@HOST, one each, got 'a@b,c@d'"),
        (("compare", "./price"), "name one file or more"),
        (("compare", "./price", "nothing.csv"), "no file matches nothing.csv"),
        (("compare", "./bare", "same.csv"), "it was registered without samples"),
        (("compare", "nobody@1", "same.csv"), "nobody"),
        (("set", "shop", "--level", "2"), "between 0 and 1"),
        (("set", "shop", "--webhook", "ftp://x"), "an http or https URL"),
        (("set", "shop", "--mail", "a@b", "--mail-host", "mx:smtp"), "HOST or HOST:PORT"),
        (("set", "shop", "--mail", "a@b", "--mail-user", "me"), "--mail-password-file"),
    ],
)
def test_what_cannot_be_is_told_in_one_sentence(monitor, words, said):
    status, _, told = monitor(*words)
    assert (status, said in told, len(told.strip().splitlines())) == (2, True, 1), told
