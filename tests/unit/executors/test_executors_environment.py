"""What processes are told, where their code is taken from, and how their ends are put into words."""

import json
import signal

from daybreak.base.home import Home
from daybreak.executors.local.captured import CapturedCode
from daybreak.executors.local.environment import hyperparameters, on_slots, pinned
from daybreak.executors.local.failures import exit_failure, make_failure
from daybreak.executors.local.memory import GIB, Room, in_words, room
from daybreak.lifecycle.events import Slot
from daybreak.provenance.code import capture

TRACEBACK = """\
epoch 1
Traceback (most recent call last):
  File "/home/ada/train.py", line 12, in <module>
    main()
  File "/home/ada/train.py", line {line}, in main
    raise torch.OutOfMemoryError("tried {size} MiB at 0x7f{size}")
torch.OutOfMemoryError: tried {size} MiB at 0x7f{size}
"""


def test_a_process_gets_the_threads_and_devices_of_its_slots():
    cpus = pinned([Slot(number=0, threads=2), Slot(number=1, threads=2)])
    assert cpus["OMP_NUM_THREADS"] == cpus["MKL_NUM_THREADS"] == cpus["DAYBREAK_THREADS"] == "4"
    assert cpus["CUDA_VISIBLE_DEVICES"] == ""
    gpus = pinned([Slot(number=0, kind="gpu", device="GPU-a"), Slot(number=1, kind="mig", device="MIG-b")])
    assert gpus["CUDA_VISIBLE_DEVICES"] == "GPU-a,MIG-b"


def test_the_user_may_change_threads_but_not_the_device_of_a_grant():
    asked = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "0", "MINE": "x"}
    told = on_slots([Slot(number=0, kind="gpu", device="GPU-a", threads=4)], asked)
    assert (told["OMP_NUM_THREADS"], told["CUDA_VISIBLE_DEVICES"], told["MINE"]) == ("1", "GPU-a", "x")
    assert on_slots([Slot(number=0)], asked)["CUDA_VISIBLE_DEVICES"] == "0"


def test_the_order_of_sets_is_the_same_in_every_process():
    assert on_slots([Slot(number=0)], {})["PYTHONHASHSEED"] == "0"
    assert on_slots([Slot(number=0)], {"PYTHONHASHSEED": "7"})["PYTHONHASHSEED"] == "7"


def test_a_deterministic_search_asks_for_deterministic_operators():
    ordinary, repeatable = (on_slots([Slot(number=0)], {}, deterministic=wanted) for wanted in (False, True))
    added = {name: repeatable[name] for name in repeatable.keys() - ordinary.keys()}
    assert added == {"DAYBREAK_DETERMINISTIC": "1", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}


def test_hyperparameters_are_variables():
    told = hyperparameters({"lr": 1e-05, "augment.noise": None, "optimizer": "sgd"})
    assert json.loads(told.pop("DAYBREAK_PARAMS")) == {"lr": 1e-05, "augment.noise": None, "optimizer": "sgd"}
    assert told == {
        "DAYBREAK_PARAM_LR": "1e-05",
        "DAYBREAK_PARAM_AUGMENT_NOISE": "null",
        "DAYBREAK_PARAM_OPTIMIZER": "sgd",
    }


def test_a_traceback_gives_the_exceptions_name_and_one_cause_one_fingerprint():
    first = exit_failure(1, TRACEBACK.format(line=34, size=100))
    second = exit_failure(1, TRACEBACK.format(line=34, size=22))
    elsewhere = exit_failure(1, TRACEBACK.format(line=35, size=100))
    assert (first.kind, first.message) == ("OutOfMemoryError", "tried 100 MiB at 0x7f100")
    assert first.fingerprint == second.fingerprint != elsewhere.fingerprint


def test_an_exit_without_a_traceback_is_told_by_its_code_or_signal():
    assert exit_failure(3, "error: no such file").message == "ended with exit code 3"
    assert exit_failure(-signal.SIGBUS, "").message == "ended by SIGBUS"
    assert "memory runs out" in exit_failure(-signal.SIGKILL, "").message
    assert exit_failure(-200, "").message == "ended by signal 200"
    assert make_failure("exit", "a 1").fingerprint == make_failure("exit", "a 2").fingerprint


def test_code_comes_from_the_folder_until_it_changes(tmp_path):
    home, folder = Home(tmp_path / "home"), tmp_path / "code"
    folder.mkdir()
    (folder / "train.py").write_text("a = 1")
    (folder / "data.csv").write_text("1,2")
    digest = capture(home, folder).digest
    code = CapturedCode(home, folder, digest)
    assert (code.changed(), code.folder(), code.word("train.py")) == ([], folder, "train.py")

    (folder / "data.csv").write_text("other")
    (folder / "new.py").write_text("new")
    assert code.changed() == []
    (folder / "train.py").write_text("a = 2")
    assert code.changed() == ["train.py"]
    assert code.folder() == home.code(digest)
    assert code.word("./train.py") == str(home.code(digest) / "train.py")
    assert code.word("data.csv") == "data.csv"
    (folder / "train.py").write_text("a = 1")
    assert code.folder() == folder
    (folder / "train.py").unlink()
    assert code.changed() == ["train.py"]


def test_without_a_capture_the_folder_is_what_there_is(tmp_path):
    assert CapturedCode(Home(tmp_path), tmp_path / "code", "").folder() == tmp_path / "code"
    assert CapturedCode(Home(tmp_path), tmp_path / "code", "0" * 64).folder() == tmp_path / "code"


def test_a_containers_memory_counts_where_it_is_tighter(tmp_path):
    machine = room(tmp_path)
    assert 0 < machine.available <= machine.total
    (tmp_path / "memory.max").write_text(str(1 << 20))
    (tmp_path / "memory.current").write_text(str(900 << 10))
    (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {100 << 10}\n")
    assert room(tmp_path) == Room((1024 - 900 + 100) << 10, 1 << 20)
    (tmp_path / "memory.max").write_text("max")
    assert room(tmp_path).total == machine.total


def test_sizes_are_told_in_words():
    assert (in_words(1.5 * GIB), in_words(300 << 20)) == ("1.5 GiB", "300 MiB")
