"""One file run twice in one home: equal states are one file in the vault, and neither search may take it from the other."""

import pytest

pytestmark = pytest.mark.xdist_group("cli_twice")

SEARCH = """
name: {name}
run: toy:main
space: {{x: {{uniform: [0.0, 1.0]}}}}
objective: {{maximize: value}}
search: {{max_units: 9, reduction: 3, sampler: random}}
budget: 6 trials
baseline: 0.1
seed: 7
"""


@pytest.fixture(scope="module")
def saved(daybreak):
    """What is kept of each search: the first has room, the second must evict all but its best trial's checkpoints."""
    for name, more in [("roomy", ""), ("narrow", "disk_cap: 1\n")]:
        (daybreak.folder / f"{name}.yaml").write_text(SEARCH.format(name=name) + more)
        assert daybreak.json("run", f"{name}.yaml", "--slots", "1")["experiment"]["state"] == "done"
    rows = {name: daybreak.json("checkpoint", "ls", name) for name in ("roomy", "narrow")}
    return {name: {(row["trial"], row["digest"]): row["state"] for row in rows[name]} for name in rows}


def test_the_same_seed_saves_the_same_bytes_and_one_evicts_what_the_other_keeps(saved):
    assert saved["roomy"].keys() == saved["narrow"].keys()
    both = [(state, saved["narrow"][key]) for key, state in saved["roomy"].items()]
    assert both.count(("saved", "deleted")) >= 4


def test_what_the_other_keeps_is_there_and_sound(daybreak, saved):
    for (trial, digest), state in saved["roomy"].items():
        if state == "saved":
            assert (daybreak.home / "vault" / digest[:2] / digest[2:]).is_file(), (trial, digest)
    for trial in sorted({trial for trial, _ in saved["roomy"]}):
        daybreak("checkpoint", "get", f"1.{trial}", "-o", f"{trial}.ckpt")
    assert daybreak.json("ledger", "check") == []
