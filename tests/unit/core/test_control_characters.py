"""Control characters reach neither a terminal nor a drawing."""

import warnings
from xml.etree import ElementTree

from typer.testing import CliRunner

from forecast.cli import app


def test_messages_carry_no_commands_to_the_terminal(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text('[[models]]\nuse = "a\\u001b]0;t\\u0007b"\n', "utf-8")
    result = CliRunner().invoke(app, ["check", str(path)])
    assert result.exit_code == 2
    assert "no model is called 'a\\x1b]0;t\\x07b'" in result.output
    assert not {"\x1b", "\x07"} & set(result.output)


def test_a_drawing_takes_any_name():
    from forecast.report.figures.canvas import add_axes, finish_panel, new_panel, style

    name = "a $x^{$ <b> \x1b[31m\x00"
    with style(), warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = new_panel(300, 100, name, name)
        add_axes(figure).annotate(name, (0, 0))
        drawn = finish_panel(figure)
    said = ["".join(e.itertext()) for e in ElementTree.fromstring(drawn.svg).iter() if e.tag.endswith("text")]
    assert said.count("a $x^{$ <b> \ufffd[31m\ufffd") == 3
