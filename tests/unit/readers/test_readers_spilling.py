import pyarrow as pa
import pytest

from daybreak.readers.spilling import OPEN_AT_ONCE, DiskSpill


def batch(*values):
    return pa.record_batch({"a": list(values)})


def test_partitions_come_back_in_the_order_they_were_written(tmp_path):
    with DiskSpill(tmp_path) as spill:
        names = [f"part/{i}" for i in range(OPEN_AT_ONCE * 2)]  # more than may be open at once
        for turn in range(2):
            for i, name in enumerate(names):
                spill.write(name, batch(i, turn))
        assert spill.partitions() == tuple(sorted(names))
        assert [each.to_pydict() for each in spill.read("part/7")] == [{"a": [7, 0]}, {"a": [7, 1]}]
        assert list(spill.read("part/7"))[1].to_pydict() == {"a": [7, 1]}
        assert list(spill.read("nothing")) == []
    assert list(tmp_path.iterdir()) == []


def test_nothing_stays_on_the_disk_when_an_audit_fails(tmp_path):
    with pytest.raises(pa.ArrowInvalid), DiskSpill(tmp_path) as spill:
        [spill.write("a", each) for each in (batch(1), pa.record_batch({"another": ["schema"]}))]
    assert list(tmp_path.iterdir()) == []
