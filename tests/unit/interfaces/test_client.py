"""The client: again where that helps, politely, with every raw answer kept; and what it says when nothing helps."""

import datetime as dt
import json
import sys

import pytest
from servers.loopback import Loopback, Reply

from forecast.core.errors import ConfigError, MissingExtraError, WriteError
from forecast.interfaces.client import Client, Patience
from forecast.interfaces.faults import (
    DamagedAnswerError,
    KeyMissingError,
    KeyRefusedError,
    NotSavedError,
    QuestionRefusedError,
    QuotaError,
    UnreachableError,
)
from forecast.interfaces.raw_answers import RawAnswers
from forecast.interfaces.service import KeyPlace, Service

SERVICE = Service("office", "the office", "https://office.example", pause=0.5)
KEYED = Service("office", "the office", "https://office.example", KeyPlace("OFFICE_KEY", "a key: by post", parameter="key"))


class Office(Loopback):
    """Answers with what was asked."""

    def answer(self, question):
        if question.path == "refused":
            return Reply(400, b"error: error: unknown variable 'X'", "text/plain")
        return Reply(200, json.dumps({"asked": question.path, "with": [*question.parameters]}).encode())


class Sleeps(list):
    """Waits that last no time but are counted, and a clock that goes by them."""

    def __call__(self, seconds):
        self.append(seconds)

    def clock(self):
        return sum(self)

    def patience(self, total=3600.0, answer=0.0):
        return Patience(total, answer, self, self.clock)


@pytest.fixture
def office():
    with Office() as server:
        yield server


@pytest.fixture
def sleeps():
    return Sleeps()


@pytest.fixture
def ask(sleeps, tmp_path):
    """A client of an address; closed at the end."""
    made = []

    def make(address, service=SERVICE, **patience):
        made.append(Client(service, RawAnswers(tmp_path, "office"), address=address, patience=sleeps.patience(**patience)))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(office, ask):
    return ask(office.address)


def read(answer):
    return answer.json()


def test_a_question_is_answered_and_its_raw_answer_kept(client, tmp_path):
    assert client.get("a", [("time", "from 2021-01"), ("c", "28*"), ("c", "81")], read) == {
        "asked": "a",
        "with": [["time", "from 2021-01"], ["c", "28*"], ["c", "81"]],
    }
    line = json.loads((tmp_path / "office.jsonl").read_text())
    body = (tmp_path / "bodies" / line["sha256"][:2] / line["sha256"]).read_bytes()
    assert json.loads(body)["asked"] == "a"
    assert line["question"] == "a?time=from+2021-01&c=28*&c=81"
    assert client.today == dt.datetime.now(dt.UTC).date()


@pytest.mark.parametrize(
    "fault", ["die", "cut", "html", "500", "503 Retry-After 0", "429 Retry-After 0", "302 Location /login"]
)
def test_one_fault_is_no_matter(office, client, fault):
    office.spoil(fault)
    assert client.get("a", [], read)["asked"] == "a"
    assert len(office.questions) == 2


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("die", UnreachableError, "peer closed connection"),
        ("cut", DamagedAnswerError, "no whole JSON"),
        ("html", DamagedAnswerError, "text/html, where application/json"),
        ("500", QuotaError, "busy .status 500.: {.*made trouble"),
        ("302 Location /login", DamagedAnswerError, "sent elsewhere .status 302. to /login"),
    ],
)
def test_a_fault_that_stays_is_an_error_of_three_parts(office, client, sleeps, fault, error, words):
    office.spoil(*[fault] * 50)
    with pytest.raises(error, match=words) as caught:
        client.get("a", [], read)
    assert caught.value.where
    assert caught.value.hint
    assert len(office.questions) == 5
    assert len(sleeps) == 4
    assert sorted(sleeps) == list(sleeps), "each wait longer than the one before"


def test_a_question_that_is_refused_is_not_put_again(office, client):
    with pytest.raises(QuestionRefusedError, match="unknown variable 'X'"):
        client.get("refused", [], read)
    assert len(office.questions) == 1


def test_retry_after_is_honoured_in_seconds_and_as_a_time_of_the_servers_clock(office, client, sleeps):
    office.skew = dt.timedelta(days=3)
    until = (dt.datetime.now(dt.UTC) + office.skew + dt.timedelta(seconds=30)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    office.spoil("429 Retry-After 7", f"503 Retry-After {until}")
    client.get("a", [], read)
    assert sleeps[0] == 7
    assert 25 <= sleeps[1] <= 31


def test_a_storm_of_429_is_sat_out(office, client, sleeps):
    office.spoil(*["429 Retry-After 3"] * 200)
    assert client.get("a", [], read)["asked"] == "a"
    assert sum(sleeps) == 600


def test_more_patience_than_there_is_is_not_waited(office, sleeps, ask):
    client = ask(office.address, total=60)
    office.spoil("429 Retry-After 11657")
    with pytest.raises(QuotaError, match=r"asks to wait 3:14:17, and the time of this fetch is over"):
        client.get("a", [], read)
    assert not sleeps


def test_a_slow_drip_ends_at_its_time(office, ask):
    office.spoil(*["drip"] * 9)
    client = ask(office.address, answer=0.3)
    with pytest.raises(UnreachableError, match=r"no whole answer within 0\.3 seconds"):
        client.get("a", [], read)


def test_the_day_is_the_servers(office, client, tmp_path):
    told = []
    client._say = told.append
    office.skew = dt.timedelta(days=-40)
    client.get("a", [], read)
    assert client.today == (dt.datetime.now(dt.UTC) - dt.timedelta(days=40)).date()
    assert "clock says" in told[0]


def test_requests_keep_their_distance(office, sleeps, ask):
    client = ask(office.address)
    client._wire.loopback = False
    for i in range(4):
        client.get(str(i), [], read)
    assert sum(sleeps) == pytest.approx(1.5)


def test_nobody_there_is_said_soon(sleeps, ask):
    client = ask("http://127.0.0.1:9")
    with pytest.raises(UnreachableError, match=r"could not be asked: .*refused") as caught:
        client.get("a", [], read)
    assert len(sleeps) == 1
    assert "a server at that port" in caught.value.hint


def test_a_question_of_the_same_fetch_is_answered_from_what_is_kept(office, client, ask):
    client.get("a", [], read)
    client.get("a", [], read)
    assert len(office.questions) == 1
    later = ask(office.address)
    later.get("a", [], read)
    assert len(office.questions) == 2, "a new fetch asks anew"


def test_saved_answers_are_replayed_without_network_or_key(office, client, tmp_path, monkeypatch):
    client.get("a", [("x", "1")], read)
    monkeypatch.setitem(sys.modules, "httpx", None)
    replayed = Client.replay(KEYED, tmp_path)
    assert replayed.get("a", [("x", "1")], read)["asked"] == "a"
    assert replayed.today == client.today
    with pytest.raises(NotSavedError, match="no saved answer") as caught:
        replayed.get("b", [], read)
    assert caught.value.where.endswith("office.jsonl: b")
    with pytest.raises(NotSavedError):
        Client.replay(KEYED, tmp_path / "elsewhere")


def test_an_answer_altered_on_disk_is_not_believed(office, client, tmp_path):
    client.get("a", [], read)
    [body] = (tmp_path / "bodies").glob("*/*")
    body.write_bytes(body.read_bytes().replace(b"asked", b"acked"))
    with pytest.raises(NotSavedError):
        Client.replay(SERVICE, tmp_path).get("a", [], read)
    client.get("a", [], read)
    assert len(office.questions) == 2
    assert Client.replay(SERVICE, tmp_path).get("a", [], read)["asked"] == "a", "kept anew, and whole"


def test_a_line_cut_by_a_crash_spoils_no_other(office, client, tmp_path):
    client.get("a", [], read)
    with (tmp_path / "office.jsonl").open("ab") as file:
        file.write(b'{"question": "b", "sha')
    client.get("c", [], read)
    assert RawAnswers(tmp_path, "office").questions() == ["a", "c"]


def test_a_disk_that_is_full_is_said(office, client, tmp_path, monkeypatch):
    import errno
    import os

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match="No space left") as caught:
        client.get("a", [], read)
    assert "room on the disk" in caught.value.hint


def test_without_a_key_it_says_which_variable_and_where_from(monkeypatch, tmp_path):
    monkeypatch.delenv("OFFICE_KEY", raising=False)
    with pytest.raises(KeyMissingError, match="OFFICE_KEY is not set") as caught:
        Client(KEYED, RawAnswers(tmp_path, "office"))
    assert "a key: by post; then: export OFFICE_KEY=..." in caught.value.hint


def test_a_key_with_a_blank_in_it_is_refused_unseen(monkeypatch, tmp_path):
    monkeypatch.setenv("OFFICE_KEY", "open sesame")
    with pytest.raises(KeyMissingError) as caught:
        Client(KEYED, RawAnswers(tmp_path, "office"))
    assert "sesame" not in str(caught.value)


def test_a_key_is_not_sent_in_the_clear(monkeypatch, tmp_path):
    monkeypatch.setenv("OFFICE_KEY", "0123456789abcdef")
    with pytest.raises(ConfigError, match="not sent over http"):
        Client(KEYED, RawAnswers(tmp_path, "office"), address="http://mirror.example")


@pytest.mark.parametrize("address", ["office", "ftp://a.example", "https://", "https://a.example?x=1", "https://me@a.example"])
def test_what_is_no_address_is_refused(address, tmp_path):
    with pytest.raises(ConfigError, match="is no address"):
        Client(SERVICE, RawAnswers(tmp_path, "office"), address=address)


@pytest.mark.parametrize("address", ["https://me:s3cret@a.example", "https://a.example?key=s3cret", "https://a.example#s3cret"])
def test_a_secret_in_an_address_is_not_shown(address, tmp_path):
    with pytest.raises(ConfigError, match=r"https://a\.example") as caught:
        Client(SERVICE, RawAnswers(tmp_path, "office"), address=address)
    assert "s3cret" not in str(caught.value)


def test_a_key_that_is_refused_by_status(office, monkeypatch, ask):
    monkeypatch.setenv("OFFICE_KEY", "0123456789abcdef")
    office.spoil(Reply(401, b'{"message":"invalid subscription key 0123456789ABCDEF"}'))
    client = ask(office.address, KEYED)
    with pytest.raises(KeyRefusedError, match="invalid subscription key KEY") as caught:
        client.get("a", [], read)
    assert "OFFICE_KEY" in caught.value.hint


def test_without_httpx_it_says_which_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "httpx", None)
    monkeypatch.delitem(sys.modules, "forecast.interfaces.wire", raising=False)
    with pytest.raises(MissingExtraError, match="httpx") as caught:
        Client(SERVICE, RawAnswers(tmp_path, "office"))
    assert "forecast[fetch]" in caught.value.hint


class Proxy(Loopback):
    """A proxy for http: it is asked for whole addresses."""

    def answer(self, question):
        return Reply(200, b'"by proxy"')


def test_a_proxy_of_the_environment_is_asked(monkeypatch, ask):
    with Proxy() as proxy:
        monkeypatch.setenv("http_proxy", proxy.address)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        client = ask("http://office.example")
        assert client.get("a", [], read) == "by proxy"
        client.close()
        monkeypatch.setenv("no_proxy", "office.example")
        client = ask("http://office.example")
        with pytest.raises(UnreachableError):
            client.get("b", [], read)


@pytest.mark.parametrize("proxy", ["ftp://me:secret@proxy.example", "socks5://me:secret@proxy.example:1080"])
def test_a_proxy_that_cannot_be_used_is_said_without_its_password(proxy, ask, monkeypatch):
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(ConfigError, match=r"proxy\.example cannot be used") as caught:
        ask("http://office.example").get("a", [], read)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("body", [b"NaN", b"[" * 100_000, b'{"a": Infinity}', b"\xff\xfe", b"", b'{"a": 1} x'])
def test_what_is_no_json_is_an_own_error(body):
    from forecast.interfaces.answer import Answer

    with pytest.raises(DamagedAnswerError):
        Answer("a", 200, {"content-type": "application/json"}, body, "2026-01-01T00:00:00+00:00").json()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that no public authority signed, as a company's proxy has; certificate and key as files."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder, private = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a company")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number(), now, now + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


def test_a_companys_certificate_is_taken_from_the_machine_and_another_refused(office, ask, certificate, monkeypatch):
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    office._server.socket = context.wrap_socket(office._server.socket, server_side=True)
    address = office.address.replace("http", "https")
    with pytest.raises(UnreachableError, match="CERTIFICATE_VERIFY_FAILED") as caught:
        ask(address).get("a", [], read)
    assert "truststore" in caught.value.hint
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "certificate.pem"))
    assert ask(address).get("a", [], read)["asked"] == "a"
