"""A model that was not trained here, registered from a folder full of other files."""

import numpy as np

from daybreak.base.home import Home
from daybreak.release.registering import Wish, of_file
from daybreak.testing import packages


def test_a_module_of_the_folder_where_it_is_asked_is_not_taken_for_the_librarys(tmp_path, monkeypatch):
    packages.mlp(tmp_path / "made", features=3)
    np.savez(tmp_path / "rows.npz", x=np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32))
    (tmp_path / "msgspec.py").write_text("raise SystemExit('the wrong msgspec')")
    (tmp_path / "own.py").write_text(
        "import numpy as np\ndef rows():\n    return np.load('rows.npz')['x'][:10], None\n"
    )
    monkeypatch.chdir(tmp_path)
    for version, samples in enumerate(("rows.npz", "own:rows"), 1):
        made = of_file(Home(tmp_path / "home"), tmp_path / "made" / "model.onnx", Wish("digits", samples=samples))
        assert (made.package.version, made.parity) == (version, "passed"), made.why
