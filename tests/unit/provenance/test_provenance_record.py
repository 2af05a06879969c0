"""The record of a run in the vault."""

import json

import pytest

from daybreak.base.errors import DamagedFile, VaultError
from daybreak.provenance.record import Code, Environment, Git, LeftOut, Record, Unrecoverable, read, write
from daybreak.vault.store import Vault


def test_a_record_is_read_as_it_was_written(tmp_path):
    vault = Vault(tmp_path)
    record = Record(
        code=Code(
            digest="ab" * 32,
            files=2,
            bytes=70,
            git=Git(commit="c0ffee", dirty=True),
            left_out=[LeftOut(".env", "a secret")],
        ),
        environment=Environment(
            python="3.11.7",
            packages={"torch": "2.13.0+cpu"},
            unrecoverable=[Unrecoverable("torch", "2.13.0+cpu", "local")],
        ),
        machine={"cores": 2},
        data={"digits": "cd" * 32},
        command=["daybreak", "run", "exp.yaml"],
        secrets=["API_KEY"],
    )
    assert read(vault, write(vault, record)) == record


def test_equal_records_have_one_digest_and_different_ones_two(tmp_path):
    vault = Vault(tmp_path)
    assert write(vault, Record(machine={"a": 1, "b": 2})) == write(vault, Record(machine={"b": 2, "a": 1}))
    assert write(vault, Record(user="ann")) != write(vault, Record(user="bob"))


def test_what_is_not_a_record_is_refused(tmp_path):
    vault = Vault(tmp_path)
    with pytest.raises(DamagedFile, match="must be a record"):
        read(vault, vault.put_bytes(b"not a record"))
    with pytest.raises(VaultError, match="newer Daybreak"):
        read(vault, vault.put_bytes(json.dumps({"version": 2}).encode()))
