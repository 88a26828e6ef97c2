"""The archive that grows: rows of every vintage in Parquet parts with checksums; one writer, many readers, nothing overwritten.

An archive is a folder (`forecast.archives.place.default_folder`), or a published copy of one at any address of fsspec:

    archive.json                   the list of parts with their sizes and hashes, replaced whole: the old one or the new one
    parts/000001-<hash>.parquet    rows of one append in the package's schema (`forecast/data/README.md`), by product and series
    aside/                         parts that were cut or altered, as they were found
    .lock                          held by whoever appends

`part.py` is the file of one part, `part_list.py` the list, `part_figures.py` reads the parts one series at a time,
`growing.py` appends and sets damaged parts aside, `changes.py` says what an append changed, `history.py` what is held.
"""
