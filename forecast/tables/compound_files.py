"""The container of old workbooks (.xls, MS-CFB): whether its chains of sectors end, or a reader would wait for ever."""

from __future__ import annotations

import struct
from collections.abc import Sequence

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LAST = 0xFFFFFFFA  # numbers from here on are no sectors: free, the end of a chain, a table


def has_endless_chain(data: bytes) -> bool:
    """Whether some chain of sectors in a compound file, of whole sectors, leads back into itself, or out of the file."""
    if not data.startswith(MAGIC) or len(data) < 512:
        return not data.startswith(MAGIC) and data[:4] != b"\x09\x08\x10\x00"
    shift = struct.unpack_from("<H", data, 30)[0]
    if shift not in (9, 12):
        return True
    size = 1 << shift
    table = _numbers(data, 76, 109)
    place, seen = struct.unpack_from("<I", data, 68)[0], set[int]()
    while place < LAST:
        more = _sector(data, place, size)
        if place in seen or not more:
            return True
        seen.add(place)
        table, place = [*table, *more[:-1]], more[-1]
    fat = [number for one in table if one < LAST for number in _sector(data, one, size)]
    mini = [number for one in _chain(fat, struct.unpack_from("<I", data, 60)[0]) for number in _sector(data, one, size)]
    sectors = len(data) // size - 1  # behind the header
    begun = struct.unpack_from("<I", data, 48)[0]  # of the directory
    if not fat or begun >= sectors or any(sectors <= number < LAST for number in (*fat, *table)):
        return True
    return _has_cycle(fat) or _has_cycle(mini)


def _numbers(data: bytes, place: int, count: int) -> list[int]:
    return list(struct.unpack_from(f"<{count}I", data, place)) if place + 4 * count <= len(data) else []


def _sector(data: bytes, number: int, size: int) -> list[int]:
    """The numbers in a sector; none where it lies beyond the file."""
    return _numbers(data, (number + 1) * size, size // 4)


def _chain(table: Sequence[int], place: int) -> list[int]:
    """The sectors of a chain, until it ends or leads back."""
    found: dict[int, None] = {}
    while place < len(table) and place not in found:
        found[place] = None
        place = table[place]
    return list(found)


def _has_cycle(table: Sequence[int]) -> bool:
    """Whether following the table from any sector never ends."""
    done = bytearray(len(table))  # 1: on the way, 2: ends
    for start in range(len(table)):
        way, place = [], start
        while place < len(table) and not done[place]:
            done[place] = 1
            way.append(place)
            place = table[place]
        if place < len(table) and done[place] == 1:
            return True
        for one in way:
            done[one] = 2
    return False
