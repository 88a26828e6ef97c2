"""A small filed run, on any day."""

import datetime as dt

import pytest
from filed_table import CONFIG, DAY, history, later

import forecast as fc
from forecast.jobs import filing, following


@pytest.fixture
def clock(monkeypatch):
    """Stand on a day: `clock(day)`."""

    def stand(day):
        for module in (filing, following):
            monkeypatch.setattr(module, "today_utc", lambda: day)

    stand(DAY)
    return stand


@pytest.fixture
def write(tmp_path, clock):
    """`write(config, table)` puts a config and its table beside each other and returns the config's path."""

    def make(config=CONFIG, table=None, name="small.toml"):
        folder = tmp_path / name.removesuffix(".toml")
        folder.mkdir(exist_ok=True)
        (history() if table is None else table).to_csv(folder / "own.csv", index=False)
        (folder / name).write_text(config, "utf-8")
        return folder / name

    return make


@pytest.fixture
def filed(write, tmp_path):
    return fc.file(write(), out=tmp_path / "runs")


@pytest.fixture
def follow(filed, tmp_path, clock):
    """`follow(day, rows)` holds the filed run, on that day, against the table with the rows that came since."""

    def hold(day, *rows, **options):
        clock(max(dt.date.fromisoformat(day), DAY))
        path = tmp_path / "later.csv"
        later(*rows).to_csv(path, index=False)
        return fc.follow(filed.folder, path, as_of=day, **options)

    return hold
