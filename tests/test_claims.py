import pytest

from tests.claims import QUICK_CORE_S, claim, refuse_unmeasured


class Item:
    """A collected test as far as its marks go."""

    def __init__(self, *marks):
        self.nodeid, self.marks = "test_a", {mark.name: mark for mark in marks}

    def get_closest_marker(self, name):
        return self.marks.get(name)


def marked(**cost):
    def test():
        pass

    return Item(*claim(**cost)(test).pytestmark)


def test_a_claim_says_what_it_costs():
    with pytest.raises(pytest.UsageError, match="missing on test_a"):
        refuse_unmeasured([Item(pytest.mark.claim.mark), Item()])


def test_quick_claims_have_a_budget_and_others_have_none():
    half = QUICK_CORE_S / 2
    refuse_unmeasured([marked(core_s=half), marked(core_s=half), marked(core_s=9 * half, is_quick=False)])
    with pytest.raises(pytest.UsageError, match="more than 1500"):
        refuse_unmeasured([marked(core_s=half), marked(core_s=half), marked(core_s=1)])
