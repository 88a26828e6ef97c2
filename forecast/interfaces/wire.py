"""The wire: one request over HTTPS, with the key added below everything that logs, proxies honoured, and a time limit."""

from __future__ import annotations

import contextlib
import queue
import re
import ssl
import threading
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from forecast.core.errors import ConfigError
from forecast.interfaces.faults import DamagedAnswerError, InterfaceError, NoConnectionError, UnreachableError
from forecast.interfaces.keys import NO_KEY, Key, redact_logs
from forecast.interfaces.service import Service

LARGEST = 1_000_000_000  # bytes of one answer
HIDDEN = re.compile(r"(?<=//)[^/]*@|[?#].*")
LOOPBACK = ("127.0.0.1", "localhost", "::1")

T = TypeVar("T")


class Wire:
    """A connection to one address."""

    def __init__(self, service: Service, address: str, key: Key, seconds: float) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
            shown = HIDDEN.sub("", address)  # a password or a key in an address is not shown
            more = "" if shown == address else " with what stood before its @ or behind its ?"
            raise ConfigError(
                f"'{shown}'{more} is no address", where="--base-url", hint="https://HOST, or http://127.0.0.1:PORT"
            )
        self.loopback = parts.hostname in LOOPBACK
        if key and parts.scheme == "http" and not self.loopback:
            raise ConfigError(
                "a key is not sent over http, where anybody on the way can read it", where=f"--base-url {address}",
                hint="https, or no key in the environment",
            )  # fmt: skip
        self._service, self._address, self._key, self._seconds = service, address.rstrip("/"), key, seconds
        self._client: httpx.Client | None = None
        redact_logs(key)

    def ask(self, path: str, parameters: Sequence[tuple[str, str]]) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of one request; redirects are not followed.

        Faults are raised outside of the handlers of httpx, so that no traceback leads to a request with the key.
        """
        outcome = _within(self._seconds, lambda: self._exchange(path, parameters))
        if isinstance(outcome, InterfaceError):
            self.close()
            raise outcome
        return outcome

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.close()

    def _exchange(
        self, path: str, parameters: Sequence[tuple[str, str]]
    ) -> tuple[int, Mapping[str, str], bytes] | InterfaceError:
        url = f"{self._address}/{path.lstrip('/')}"
        try:
            with self._open().stream("GET", url, params=httpx.QueryParams(list(parameters))) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > LARGEST:
                        return DamagedAnswerError("the answer does not end", where=path, hint="a narrower question")
                headers = {name.lower(): self._key.blot(value) for name, value in response.headers.items()}
                return response.status_code, headers, self._key.blot_bytes(bytes(body))
        except (httpx.TimeoutException, httpx.TransportError, httpx.DecodingError, httpx.InvalidURL, OSError) as error:
            reason = self._key.blot(str(error)) or type(error).__name__
            never = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError))
            return (NoConnectionError if never else UnreachableError)(
                f"{self._service.title} could not be asked: {reason}", where=self._address,
                hint=_network_hint(error, self.loopback),
            )  # fmt: skip

    def _open(self) -> httpx.Client:
        if self._client is None:
            from forecast import __version__

            self._client = httpx.Client(
                transport=_KeyedTransport(_transport(self._address), self._service, self._key),
                timeout=httpx.Timeout(min(30.0, self._seconds)),
                headers={"User-Agent": f"forecast/{__version__}", "Accept-Encoding": "gzip"},
                follow_redirects=False,
                trust_env=False,
            )
        return self._client


class _KeyedTransport(httpx.BaseTransport):
    """Adds the key to a request below httpx, which logs and remembers requests as they were before."""

    def __init__(self, inner: httpx.BaseTransport, service: Service, key: Key = NO_KEY) -> None:
        self._inner, self._place, self._key = inner, service.key, key

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request with the key in its header or parameter."""
        if not self._key or self._place is None:
            return self._inner.handle_request(request)
        url, headers = request.url, request.headers.copy()
        if self._place.header:
            headers[self._place.header] = self._key.reveal()
        else:
            url = url.copy_add_param(self._place.parameter, self._key.reveal())
        return self._inner.handle_request(
            httpx.Request(request.method, url, headers=headers, stream=request.stream, extensions=request.extensions)
        )

    def close(self) -> None:
        """Close the connection below."""
        self._inner.close()


def _within(seconds: float, call: Callable[[], T]) -> T | InterfaceError:
    """What a call returns, or a fault after some seconds, however slowly its answer drips and whatever it hangs on."""
    done: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            done.put((call(), None))
        except BaseException as error:
            done.put((None, error))

    threading.Thread(target=work, daemon=True, name="forecast-fetch").start()
    try:
        outcome, error = done.get(timeout=seconds)
    except queue.Empty:
        return UnreachableError(
            f"no whole answer within {seconds:g} seconds",
            where="the connection",
            hint="the same command later: it goes on there",
        )
    if error is not None:
        raise error
    return outcome  # type: ignore[no-any-return]


def _certificates() -> ssl.SSLContext:
    """The certificates of the machine, a company's own among them, if truststore is installed; else those of certifi."""
    try:
        import truststore
    except ImportError:
        return httpx.create_ssl_context()
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _transport(address: str) -> httpx.HTTPTransport:
    """A way to an address, by its proxy if there is one; a proxy may have a password in it, and is not shown whole."""
    proxy = _proxy(address)
    try:
        return httpx.HTTPTransport(verify=_certificates(), proxy=proxy)
    except (ImportError, ValueError):
        parts = urlsplit(proxy or "")
        shown = f"{parts.scheme}://{parts.hostname or ''}"
    raise ConfigError(
        f"a proxy such as {shown} cannot be used", where="HTTPS_PROXY, HTTP_PROXY or ALL_PROXY",
        hint="http://HOST:PORT; for socks5:// also `pip install httpx[socks]`",
    )  # fmt: skip


def _proxy(address: str) -> str | None:
    """The proxy that the environment or the system names for an address."""
    parts = urlsplit(address)
    proxies = urllib.request.getproxies()
    if not parts.hostname or urllib.request.proxy_bypass(parts.hostname) or parts.hostname in LOOPBACK:
        return None
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


def _network_hint(error: Exception, loopback: bool) -> str:
    if "CERTIFICATE" in str(error).upper():
        return "`pip install truststore` takes the machine's own certificates; SSL_CERT_FILE names a company's"
    if loopback:
        return "a server at that port"
    return "a connection to the internet (HTTPS_PROXY names a proxy), or --from-folder with saved answers"
