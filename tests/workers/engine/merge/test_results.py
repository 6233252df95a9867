"""Memory for results goes from one tensor to the next, and is never two tensors' at once."""

import threading

from kernels.raw import Array, tensor_of
from workers.engine.merge.results import LEAST_BYTES, Results

LARGE = LEAST_BYTES // 2


def address(given: Array) -> int:
    return tensor_of(given).data_ptr() if given.numel() else 0


def test_what_one_tensor_leaves_is_used_for_the_next():
    results = Results()
    first = results.empty(2 * LARGE, "BF16")
    place = address(first)
    del first
    second = results.empty(2 * LARGE - 100, "BF16")
    assert address(second) == place
    assert second.shape == (2 * LARGE - 100,)


def test_a_tensor_that_a_view_still_holds_keeps_its_memory():
    results = Results()
    first = results.empty(LARGE, "BF16").tensor().fill_(7)
    part = first.view(2, -1)[1]
    del first
    other = results.empty(LARGE, "BF16").tensor().fill_(1)
    assert address(other) != address(part)
    assert (part == 7).all()


def test_small_and_much_smaller_tensors_do_not_hold_large_blocks():
    results = Results()
    large = results.empty(16 * LARGE, "BF16")
    begin, end = address(large), address(large) + 32 * LARGE
    del large
    for elements in (0, 1, LARGE):
        assert not begin <= address(results.empty(elements, "BF16")) < end or elements == 0


def test_holds_no_more_than_was_lent_at_one_time():
    results = Results()
    for size in (4, 1, 9, 2, 30, 3):
        first, second = (results.empty(size * LARGE, "BF16") for _ in range(2))
        del first, second
        assert results._lent == 0
        assert sum(block.size for block in results._free) <= results._most


def test_threads_never_share_a_block():
    results, clashes = Results(), []

    def work(number: int) -> None:
        for _ in range(200):
            tensor = results.empty(LARGE, "BF16").tensor()
            tensor[:16].fill_(number)
            if not (tensor[:16] == number).all():
                clashes.append(number)
            del tensor

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not clashes
    assert len(results._free) <= 4
