import numpy as np

from workers.jobs.cost import Meter, anonymous_bytes


def test_counts_memory_that_no_file_backs(tmp_path):
    before = anonymous_bytes()
    block = np.ones(64 << 17)
    assert anonymous_bytes() - before > block.nbytes * 0.9
    path = tmp_path / "large"
    path.write_bytes(bytes(64 << 20))
    mapped = np.memmap(path, mode="r")
    with_block = anonymous_bytes()
    assert int(mapped.sum()) == 0
    assert anonymous_bytes() - with_block < 32 << 20


def test_the_meter_gives_the_whole_cost():
    with Meter() as meter:
        cost = meter.cost(read_bytes=3, written_bytes=4)
    assert cost.keys() == {"wall_s", "cpu_s", "peak_memory_bytes", "read_bytes", "written_bytes"}
    assert (cost["read_bytes"], cost["written_bytes"]) == (3, 4)
    assert cost["peak_memory_bytes"] > 0
