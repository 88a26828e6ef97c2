"""What docstrings say of parameters, in the sections of numpydoc and in the short form of config tables."""

from forecast.jobs.docstrings import descriptions_of, remarks


class Documented:
    """A table.

    one : the first; two : the second,
        which goes on
    three, four : both of them: with a colon
    five: no entry
    """


class Sectioned:
    """A method.

    What it does: at length,
    in two lines.

    And more.

    Parameters
    ----------
    one, two : {"a", "b"}, default "a"
        text of both,
        going on : with a colon

        * "a": the first
    three : float
        the third

    Returns
    -------
    four : int
        no parameter

    Examples
    --------
    >>> one : int = 1
    """


def test_docstrings_are_read_word_by_word():
    first, said = descriptions_of(Documented, ["one", "two", "three", "four", "five"])
    both = "both of them: with a colon five: no entry"
    assert first == "A table."
    assert said == {"one": "the first", "two": "the second, which goes on", "three": both, "four": both}
    assert remarks(Documented) == []


def test_docstrings_are_read_by_their_sections():
    first, said = descriptions_of(Sectioned, ["one", "two", "three", "four"])
    both = 'text of both, going on : with a colon * "a": the first'
    assert first == "A method."
    assert said == {"one": both, "two": both, "three": "the third"}
    assert remarks(Sectioned) == ["What it does: at length,\nin two lines.", "And more."]
