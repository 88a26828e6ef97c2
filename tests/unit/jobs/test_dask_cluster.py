"""A run is done only on a cluster that is authenticated or explicitly trusted, in a config or on the command line."""

import pytest

from forecast.core.errors import ConfigError
from forecast.jobs.dask_cluster import RemoteScheduler
from forecast.jobs.load import load

MODEL = '[[models]]\nuse = "mean12"\n'
FILES = 'tls = { ca = "ca.pem", cert = "cert.pem", key = "/elsewhere/key.pem" }\n'
TLS, TCP = 'cluster = "tls://10.0.0.1:8786"\n', 'cluster = "tcp://10.0.0.1:8786"\n'


def scale(folder, text, *command):
    """Who does the work by a config's [scale], and the hash of its questions."""
    (folder / "mine.toml").write_text(f"{MODEL}{text and '[scale]'}\n{text}", "utf-8")
    made = load(folder / "mine.toml", None, *command)
    return made.scale.cluster, made.hash8


REFUSED = {
    "in the config, without a proof": (TCP, (), "nothing proves that it is your cluster"),
    "tls:// without files": (TLS, (), "nothing proves that it is your cluster"),
    "on the command line": ("", ("tcp://10.0.0.1:8786",), "nothing proves that it is your cluster"),
    "another than the trusted one": (TCP + "trusted = true\n", ("tcp://10.0.0.2:8786",), "nothing proves"),
    "with files that prove nothing there": (TCP + FILES, (), "proves nothing by certificates"),
    "trust in processes of one's own": ("cluster = 2\ntrusted = true\n", (), "only a cluster at an address"),
    "trust in nothing": ("", (None, True), "only a cluster at an address"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_cluster_is_refused_that_nothing_proves(case, tmp_path):
    text, command, problem = REFUSED[case]
    with pytest.raises(ConfigError, match=problem) as error:
        scale(tmp_path, text, *command)
    assert "scale" in error.value.where
    assert "tls://" in error.value.hint


def test_the_refusal_names_the_words_that_help(tmp_path):
    with pytest.raises(ConfigError) as error:
        scale(tmp_path, TCP)
    for word in ("tls = {", "trusted = true", "--trust-cluster"):
        assert word in error.value.hint


def test_a_certificate_lies_beside_the_config_and_its_cluster_changes_no_hash(tmp_path):
    bare = scale(tmp_path, "")
    assert bare[0] is None
    proven = RemoteScheduler("tls://10.0.0.1:8786", str(tmp_path / "ca.pem"), str(tmp_path / "cert.pem"), "/elsewhere/key.pem")
    assert scale(tmp_path, TLS + FILES) == (proven, bare[1])
    assert scale(tmp_path, "cluster = 2\n") == (2, bare[1])


def test_a_trusted_cluster_is_one_in_the_config_or_on_the_command_line(tmp_path):
    there = RemoteScheduler("tcp://10.0.0.1:8786")
    assert scale(tmp_path, TCP + "trusted = true\n")[0] == there
    assert scale(tmp_path, TCP, None, True)[0] == there
    assert scale(tmp_path, "", there.address, True)[0] == there


def test_the_command_line_takes_another_cluster_under_the_same_certificates(tmp_path):
    found, _ = scale(tmp_path, TLS + FILES, "tls://10.0.0.2:8786")
    assert (found.address, found.ca) == ("tls://10.0.0.2:8786", str(tmp_path / "ca.pem"))
    assert scale(tmp_path, TLS + FILES, "2")[0] == 2


def test_the_command_line_has_the_word(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from forecast import api
    from forecast.cli import app

    asked = []
    monkeypatch.setattr(api, "run", lambda *words: asked.append(words[-3:-1]) or 1 / 0)
    CliRunner().invoke(app, ["run", "quick", "--cluster", "tcp://10.0.0.1:8786", "--trust-cluster"])
    CliRunner().invoke(app, ["run", "quick"])
    assert asked == [("tcp://10.0.0.1:8786", True), (None, False)]
