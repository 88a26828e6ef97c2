"""Where a run is done: the cluster of a config, and what proves it to be one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from forecast.jobs.config_base import ConfigTable
from forecast.jobs.dask_cluster import RemoteScheduler


def _cluster(value: Any) -> Any:
    is_address = isinstance(value, str) and "://" in value
    if not is_address and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise ValueError(f"'{value}' is no cluster", "an address (tls://10.0.0.1:8786), or a number of processes")
    return value


class Certificates(ConfigTable):
    """The PEM files by which a cluster and this machine prove themselves to each other: paths, from the config's own folder.

    ca : certificate of the authority; cert : certificate of this machine; key : its private key
    """

    ca: str
    cert: str
    key: str

    def relative_to_folder(self, folder: Path) -> Certificates:
        """The same files with their paths resolved from `folder`, that of the config."""
        return Certificates(ca=str(folder / self.ca), cert=str(folder / self.cert), key=str(folder / self.key))


class ScaleConfig(ConfigTable):
    """Where a run is done, which changes nothing in what it finds: no part of the config's hash.

    cluster : address of a Dask scheduler, or a number of local processes; None: the processes of `--workers`
    tls : what proves the scheduler at a tls:// address to be ours; trusted : it is, without proof
    """

    model_config = ConfigDict(populate_by_name=False)

    where: Annotated[str | int, BeforeValidator(_cluster)] | None = Field(None, alias="cluster")
    tls: Certificates | None = None
    trusted: bool = False

    @property
    def cluster(self) -> int | RemoteScheduler | None:
        """The cluster that does the work, as `dask_cluster.open_cluster` takes it."""
        if not isinstance(self.where, str):
            return self.where
        return (
            RemoteScheduler(self.where, self.tls.ca, self.tls.cert, self.tls.key) if self.tls else RemoteScheduler(self.where)
        )

    @model_validator(mode="after")
    def _proven_or_trusted(self) -> Self:
        remote = isinstance(self.where, str)
        if (self.tls or self.trusted) and not remote:
            raise ValueError("only a cluster at an address is proven or trusted", 'cluster = "tls://10.0.0.1:8786"')
        if self.tls and not str(self.where).startswith("tls://"):
            raise ValueError(f"'{self.where}' proves nothing by certificates", "the scheduler's tls:// address")
        if remote and not self.tls and not self.trusted:
            problem = f"whoever answers at {self.where} could run code here, and nothing proves that it is your cluster"
            files = 'tls = { ca = "ca.pem", cert = "cert.pem", key = "key.pem" } in [scale] with a tls:// address'
            raise ValueError(problem, f"{files}; or, on a network of your own, trusted = true (--trust-cluster)")
        return self
