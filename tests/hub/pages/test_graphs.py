import itertools
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from hub.pages.graphs.layout import layout
from hub.pages.graphs.lineage import Edge, Node, draw, draw_narrow, nested

FAMILY = [Node("base", "base"), Node("a", "a", url="/x/a"), Node("b", "b"), Node("child", "child", is_this=True)]
EDGES = [
    Edge("base", "a", "fine-tune"),
    Edge("base", "b", "fine-tune"),
    Edge("a", "child", "ties"),
    Edge("b", "child", "ties", True),
]


def layers(keys, edges):
    return {place.key: place.layer for place in layout(keys, edges)}


def test_parents_come_before_their_children():
    assert layers(["base", "a", "b", "child"], [("base", "a"), ("base", "b"), ("a", "child"), ("b", "child")]) == {
        "base": 0, "a": 1, "b": 1, "child": 2,
    }  # fmt: skip


def test_a_lone_parent_stands_right_before_its_child():
    placed = layers(["base", "a", "child", "late"], [("base", "a"), ("a", "child"), ("late", "child")])
    assert placed["late"] == 1


def test_two_entries_never_share_a_place():
    placed = layout(list("abcdef"), [("a", "c"), ("b", "c"), ("c", "d"), ("c", "e"), ("a", "f")])
    assert len({(place.layer, place.slot) for place in placed}) == 6


def test_claims_in_a_circle_are_cut_not_followed():
    placed = layout(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a")])
    assert sorted(place.key for place in placed) == ["a", "b", "c"]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=40))
def test_any_graph_is_laid_out_whole(pairs):
    keys = [str(number) for number in range(10)]
    placed = layout(keys, [(str(parent), str(child)) for parent, child in pairs])
    assert sorted(place.key for place in placed) == keys
    assert len({(place.layer, place.slot) for place in placed}) == 10
    assert all(place.layer >= 0 and place.slot >= 0 for place in placed)


def test_a_deep_chain_needs_no_recursion():
    keys = [str(number) for number in range(3000)]
    placed = layout(keys, list(itertools.pairwise(keys)))
    assert max(place.layer for place in placed) == 2999


def test_draws_links_dashes_and_this_entry():
    picture = draw(FAMILY, EDGES, "Lineage of child")
    root = ElementTree.fromstring(picture)
    assert [link.get("href") for link in root.iter("a")] == ["/x/a"]
    assert picture.count('class="edge claimed"') == 1
    assert picture.count('class="node this"') == 1


def test_one_operation_says_its_name_once():
    assert draw(FAMILY, EDGES, "Lineage").count(">ties<") == 1


def test_the_phone_drawing_is_taller_than_wide():
    root = ElementTree.fromstring(draw_narrow(FAMILY, EDGES, "Lineage"))
    wide = ElementTree.fromstring(draw(FAMILY, EDGES, "Lineage"))
    assert float(root.get("width")) < float(wide.get("width"))


def test_names_are_escaped():
    assert "<b>" not in draw([Node("x", "<b>x</b>", is_this=True)], [], "Lineage")


def test_the_list_for_screen_readers_holds_everybody():
    branches = nested(FAMILY, EDGES)
    assert branches[0]["node"].key == "base"
    assert sorted(below["node"].key for below in branches[0]["children"]) == ["a", "b"]


def test_a_circle_of_claims_ends_in_the_list():
    assert nested([Node("a", "a"), Node("b", "b")], [Edge("a", "b"), Edge("b", "a")])


def test_the_phone_drawing_is_no_wider_than_its_column_however_many_parents():
    parents = [Node(f"p{number}", f"digits-vit-parent-{number}") for number in range(7)]
    edges = [Edge(parent.key, "child", "merge") for parent in parents]
    root = ElementTree.fromstring(draw_narrow([*parents, Node("child", "child", is_this=True)], edges, "Lineage"))
    boxes = [box for box in root.iter("rect") if "node" in box.get("class")]
    assert len(boxes) == 8
    assert all(float(box.get("x")) + float(box.get("width")) <= float(root.get("width")) for box in boxes)
    assert float(root.get("width")) <= 316


def test_long_names_keep_the_end_that_tells_them_apart():
    picture = draw_narrow([Node(name, name) for name in ("digits-vit-rotated", "digits-vit-shifted", "x")],
                          [Edge("digits-vit-rotated", "x"), Edge("digits-vit-shifted", "x")], "Lineage")  # fmt: skip
    assert "digits-vit-rotated" in picture
    three = draw_narrow(
        [Node(f"digits-vit-{name}", f"digits-vit-{name}") for name in ("rotated", "shifted", "noisy")], [], "Lineage"
    )
    assert "…vit-rotated" in three
    assert "…vit-noisy" in three
