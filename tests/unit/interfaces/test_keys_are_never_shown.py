"""No key in any artefact, error or log: every way an interface may answer, the root logger at DEBUG, and a grep at the end."""

import contextlib
import io
import logging
import pickle
import traceback
from pathlib import Path

import pytest
from servers.census import CensusServer
from servers.comtrade import ComtradeServer
from servers.kept_rows import KeptRows
from servers.loopback import Loopback, Reply

from forecast.core.errors import ForecastError
from forecast.interfaces.client import Patience
from forecast.interfaces.fetching import Asking, fetch_into, live_source
from forecast.interfaces.keys import Key, key_of
from forecast.sources.census import Census
from forecast.sources.comtrade import Comtrade

SECRET = "s3cr3t/Key+With=Odd%Signs~0123456789"
SPELLINGS = [SECRET, "s3cr3t%2FKey%2BWith%3DOdd%25Signs~0123456789", "s3cr3t%2fkey%2bwith%3dodd%25signs~0123456789"]


class Echo(Loopback):
    """An office that repeats the whole question, its key included, in body and headers."""

    def answer(self, question):
        everything = f"{question.parameters} {question.headers}"
        return Reply(200, everything.encode(), "text/plain", {"Location": everything, "X-DataWebAPI-KeyError": everything})


def spoilt(server, *faults):
    server.spoil(*faults)
    return server


TROUBLE = ("html", "cut", "die", "500", "429 Retry-After 0", "302 Location /x?key=" + SECRET)
QUOTA = Reply(403, f'{{"message":"Out of call volume quota for {SECRET}"}}'.encode())
CASES = {
    "census, good": ("census", lambda: CensusServer(key=SECRET)),
    "census, refused": ("census", lambda: CensusServer(key="another key, of forty characters or so")),
    "census, trouble": ("census", lambda: spoilt(CensusServer(key=SECRET), *TROUBLE)),
    "census, echo": ("census", Echo),
    "comtrade, good": ("comtrade", lambda: ComtradeServer(key=SECRET)),
    "comtrade, refused": ("comtrade", lambda: ComtradeServer(key="another key")),
    "comtrade, quota": ("comtrade", lambda: spoilt(ComtradeServer(key=SECRET), "", *[QUOTA] * 9)),
    "comtrade, echo": ("comtrade", Echo),
    "nobody": ("census", None),
}


def everything_reachable(error):
    """Texts of an error, its causes and contexts, and of the local variables of every frame they went through."""
    seen, queue = set(), [error]
    while queue:
        one = queue.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield "".join(traceback.format_exception(one))
        yield repr(one.args)
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if "forecast" in frame.f_code.co_filename or "http" in frame.f_code.co_filename:
                yield from (repr(value) for value in frame.f_locals.values())
        queue += [one.__cause__, one.__context__]


@pytest.mark.parametrize("case", CASES)
def test_no_key_in_any_artefact_error_or_log(case, tmp_path, monkeypatch, capfd):
    source, make = CASES[case]
    server = make() if make else None
    for variable in ("CENSUS_API_KEY", "COMTRADE_API_KEY"):
        monkeypatch.setenv(variable, SECRET)
    log, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(log)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    options = {"hs": ("282580",), "reporter": ("USA",)} if source == "comtrade" else {"hs": ("2825800000",)}
    told, errors, kept = [], [], KeptRows()
    try:
        with server or contextlib.nullcontext():
            address = server.address if server else "http://127.0.0.1:9"
            asking = Asking(address, patience=Patience(total=30.0, sleep=lambda seconds: None))
            fetch_into(live_source(source, options), "2025-01", tmp_path, kept.append, asking, told.append)
    except ForecastError as error:
        errors += [str(error), *everything_reachable(error)]
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
    out, err = capfd.readouterr()
    files = [path.name.encode() + path.read_bytes() for path in Path(tmp_path).rglob("*") if path.is_file()]
    texts = [log.getvalue(), out, err, *told, *errors, repr(kept.rows), *(one.decode("utf-8", "replace") for one in files)]
    for text in texts:
        for spelling in SPELLINGS:
            assert spelling.lower() not in text.lower()
    assert (case.endswith("good")) == (not errors), "a case must come out as it is meant to"
    if server is not None:
        assert "httpx" in log.getvalue() or "HTTP Request" in log.getvalue(), "the libraries did log"
        assert files
        used = [str(question) for question in server.questions]
        assert any(SECRET in text or repr(SECRET)[1:-1] in text for text in used), "the key was sent"


def test_the_grep_finds_a_key_that_is_there():
    def fail():
        secret = Key(SECRET).reveal()
        raise ForecastError(f"no {secret}")

    with pytest.raises(ForecastError) as caught:
        fail()
    assert any(SECRET in text for text in everything_reachable(caught.value))


def test_a_key_shows_itself_to_nobody(monkeypatch):
    monkeypatch.setenv("CENSUS_API_KEY", SECRET)
    key = key_of(Census.service)
    assert SECRET not in f"{key} {key!r} {[key]}"
    assert key.reveal() == SECRET
    with pytest.raises(TypeError):
        pickle.dumps(key)


def test_a_short_word_is_not_blotted_out_of_figures():
    assert Key("28258").blot_bytes(b'["2825800000"]') == b'["2825800000"]'
    assert Key("0123456789").blot_bytes(b"x0123456789y") == b"xKEYy"


def test_options_hold_no_key(monkeypatch):
    monkeypatch.setenv("COMTRADE_API_KEY", SECRET)
    assert SECRET not in repr(Comtrade(hs=("282580",), reporter=("USA",)))
