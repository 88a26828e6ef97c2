"""What all live sources share: a polite client over HTTP, keys that are never shown, raw answers kept by hash, typed faults.

A live source (`forecast/sources/`) asks by `Client.get`, and yields what it read as `FetchedPart`s; `forecast fetch` appends
each finished part to the archive. How a source is written stands in `live_source`.
"""
