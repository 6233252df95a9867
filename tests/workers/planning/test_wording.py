from workers.planning.wording import number, printable, size_text


def test_sizes_have_three_digits_and_powers_of_ten() -> None:
    sizes = (0, 999, 1000, 5_240_000, 3 * 10**12)
    assert [size_text(size) for size in sizes] == ["0 B", "999 B", "1 kB", "5.24 MB", "3 TB"]


def test_control_characters_are_shown_and_do_not_act() -> None:
    assert printable("a\033[2J\u202eb\n") == "a?[2J?b?"


def test_thin_spaces_of_numbers_are_kept() -> None:
    assert printable(number(302_858)) == "302\u2009858"
