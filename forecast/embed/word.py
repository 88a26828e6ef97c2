"""Word: content controls whose tag is a key; `{{ KEY }}`, typed anyhow, becomes one. Every other byte of the document stays.

A tag holds at most 64 characters: a longer key ends in the control's title, behind an ellipsis.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from forecast.core import output_files
from forecast.core.errors import DataError
from forecast.embed.slots import GAP, Figure, Slot, Table, Value, is_key, sentence_around
from forecast.embed.word_markup import drawing, media_type, own_width, paragraph, relation, run, tabular
from forecast.embed.xml_places import Edit, Element, apply, attribute_of, check_prefix, parse, text_of

PARTS = re.compile(r"word/(document|header\d*|footer\d*|footnotes|endnotes)\.xml")
MARK = re.compile(r"\{\{(.*?)\}\}")
LONGEST_TAG, ELLIPSIS = 64, "…"
LEFT = re.compile(rb"<w:(?:proofErr|lastRenderedPageBreak)\b[^>]*/>")
BLOCK_PARENTS = ("body", "tc", "hdr", "ftr", "footnote", "endnote", "txbxContent", "sdtContent")


@dataclass
class Place:
    """A slot in a part: a content control, or the runs over which a mark was typed with the marked characters in them."""

    slot: Slot
    control: Element | None = None
    runs: list[tuple[Element, Element, int, int]] = field(default_factory=list)
    paragraph: Element | None = None
    alone: bool = False


def slots(data: bytes) -> list[Slot]:
    """The marked places of the text, headers, footers and notes, in their order."""
    with _open_zip(data) as held:
        return [place.slot for name in _parts(held) for place in _places(held, name)]


def fill(data: bytes, values: Sequence[Value | None], files: Mapping[str, str]) -> bytes:
    """The document with a value in each of its slots, None where it stays; `files` is not used, a figure lies within."""
    given = iter(values)
    new: dict[str, bytes] = {}
    with _open_zip(data) as held:
        for name in _parts(held):
            pairs = [(place, next(given)) for place in _places(held, name)]
            filled = [(place, value) for place, value in pairs if value is not None and not place.slot.problem]
            edits = list(_edits(held, new, name, filled))
            if edits:
                new[name] = apply(held.read(name), edits)
        return _zip_with(held, new)


def shown(value: Value, files: Mapping[str, str]) -> str:
    """A value as a slot of the document would show it; a figure by the hash of its file."""
    if isinstance(value, Figure):
        return f"picture {hashlib.sha256(value.png).hexdigest()[:12]}"
    if isinstance(value, Table):
        return "\n".join([*filter(None, [value.caption]), *value.heads, *(c for row in value.rows for c in row)])
    return value


def _open_zip(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile:
        hint = "a .docx without a password, saved by the word processor"
        raise DataError("this is no Word document: it is not a zip file", hint=hint) from None


def _parts(held: zipfile.ZipFile) -> list[str]:
    names = sorted(name for name in held.namelist() if PARTS.fullmatch(name))
    return sorted(names, key=lambda name: "document" not in name)


def _zip_with(held: zipfile.ZipFile, new: Mapping[str, bytes]) -> bytes:
    """The same zip file with some parts written anew, and further ones behind them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for info in held.infolist():
            made.writestr(info, new.get(info.filename, held.read(info)), info.compress_type)
        for name in sorted(set(new) - set(held.namelist())):
            made.writestr(zipfile.ZipInfo(name), new[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


# --- where ------------------------------------------------------------------------------------------------------------


def _places(held: zipfile.ZipFile, name: str) -> list[Place]:
    root = parse(held.read(name), name)
    check_prefix(root, name)
    controls = {one: key for one in root.within("w:sdt") if (key := _key(one))}
    found = [_control_place(held, name, one, key) for one, key in controls.items()]
    for part in root.within("w:p"):
        found += _marks(name, part, controls)
    return sorted(found, key=lambda p: (p.control.start, 0) if p.control else (p.runs[0][1].start, p.runs[0][2]))


def _key(control: Element) -> str:
    """The key of a content control, or nothing if it is the author's own."""
    properties = control.find("w:sdtPr")
    found = {}
    for word in ("tag", "alias"):
        one = properties.find(f"w:{word}") if properties else None
        found[word] = one.attributes.get("w:val", "") if one else ""
    if len(found["tag"]) == LONGEST_TAG and found["alias"].startswith(ELLIPSIS):
        found["tag"] += found["alias"][1:]
    nested = control.above("w:sdt")
    return found["tag"] if is_key(found["tag"]) and not (nested and _key(nested)) else ""


def _control_place(held: zipfile.ZipFile, name: str, control: Element, key: str) -> Place:
    content = control.find("w:sdtContent")
    texts = _texts(content) if content else []
    seen = "\n".join(texts) if key.startswith("table:") else "".join(texts)
    picture = _picture(held, name, control)
    if picture:
        seen = f"picture {hashlib.sha256(held.read(picture)).hexdigest()[:12]}"
    above = control.above("w:p")
    problem = "a table does not fit into a line: give it a paragraph of its own" if key.startswith("table:") and above else ""
    context = _context(above, control, None) if above else ""
    return Place(Slot(key, seen, name, context, problem), control=control, paragraph=above)


def _texts(element: Element) -> list[str]:
    """The texts of an element by its paragraphs, or its own as one."""
    parts = element.within("w:p")
    if not parts:
        return ["".join(t.text for t in element.within("w:t"))]
    return ["".join(t.text for t in part.within("w:t") if t.above("w:p") is part) for part in parts]


def _picture(held: zipfile.ZipFile, name: str, control: Element) -> str:
    """The name of the picture that a control holds, where it is one of ours."""
    for one in control.walk():
        mark = next((value for key, value in one.attributes.items() if key.endswith(":embed")), "")
        if mark:
            return next((target for ident, target in _relations(held, name) if ident == mark and "/fc_" in target), "")
    return ""


def _relations(held: zipfile.ZipFile, name: str, text: str = "") -> list[tuple[str, str]]:
    folder, _, file = name.rpartition("/")
    path = f"{folder}/_rels/{file}.rels"
    text = text or (held.read(path).decode("utf-8") if path in held.namelist() else "")
    pairs = [(dict(re.findall(r'(\w+)="([^"]*)"', tag))) for tag in re.findall(r"<Relationship\b[^>]*>", text)]
    return [(one.get("Id", ""), f"{folder}/{one.get('Target', '')}") for one in pairs]


def _marks(name: str, of: Element, controls: Mapping[Element, str]) -> list[Place]:
    """The marks that are typed into a paragraph, however word processing has split them over runs."""
    typed = [t for t in of.within("w:t") if t.above("w:p") is of and not _is_filled(t, controls)]
    joined = "".join(t.text for t in typed)
    found = []
    for match in MARK.finditer(joined):
        key = " ".join(match[1].replace("\u201c", '"').replace("\u201d", '"').replace("\u2019", "'").split())
        if not is_key(key):
            continue
        covered, at = [], 0
        for t in typed:
            first, last = max(match.start() - at, 0), min(match.end() - at, len(t.text))
            if first < last and t.parent is not None:
                covered.append((t.parent, t, first, last))
            at += len(t.text)
        alone = joined.strip() == match[0] and not any(one in controls for one in of.walk())
        problem = _fault(key, covered, of, alone)
        context = _context(of, None, match)
        found.append(Place(Slot(key, match[0], name, context, problem), runs=covered, paragraph=of, alone=alone))
    return found


def _is_filled(text: Element, controls: Mapping[Element, str]) -> bool:
    at = text.above("w:sdt")
    while at is not None and at not in controls:
        at = at.above("w:sdt")
    return at is not None


def _fault(key: str, covered: Sequence[tuple[Element, Element, int, int]], of: Element, alone: bool) -> str:
    """Why a mark cannot become a control, in words."""
    if len(key) > 2 * LONGEST_TAG - 1:
        return f"Word holds at most {2 * LONGEST_TAG - 1} characters of a key"
    if any(one.name != "w:r" for one, *_ in covered) or len({id(one.parent) for one, *_ in covered}) > 1:
        return "the mark lies half in a link or a tracked change: type it again, as plain text"
    if key.startswith("table:") and not (alone and of.parent and of.parent.name.removeprefix("w:") in BLOCK_PARENTS):
        return "a table needs a paragraph of its own"
    return ""


def _context(of: Element, control: Element | None, match: re.Match[str] | None) -> str:
    """The sentence of a paragraph around a slot, in which every slot is a gap."""
    if match is not None:
        before, after = MARK.sub(GAP, match.string[: match.start()]), MARK.sub(GAP, match.string[match.end() :])
        return sentence_around(f"{before}{GAP}{after}", len(before))
    out, at, last = "", 0, None
    for t in of.within("w:t"):
        holder = t.above("w:sdt")
        if holder is None or not _key(holder):
            out, last = out + t.text, None
            continue
        if holder is not last:
            at = len(out) if holder is control else at
            out, last = out + GAP, holder
    return sentence_around(out, at)


# --- what -------------------------------------------------------------------------------------------------------------


def _edits(held: zipfile.ZipFile, new: dict[str, bytes], name: str, filled: Sequence[tuple[Place, Value]]) -> Iterator[Edit]:
    """The edits that put values into the slots of a part; parts beside it are added to `new`."""
    data = held.read(name)
    numbers = itertools.count(1 + max((int(n) for n in re.findall(rb'docPr\b[^>]*?\bid="(\d+)"', data)), default=0))
    typed: list[tuple[Place, bytes]] = []
    for place, value in filled:
        body = _picture_run(held, new, name, place, value, next(numbers)) if isinstance(value, Figure) else b""
        if place.control is not None:
            yield from _refill(data, place.control, value, body)
        elif isinstance(value, Table):
            assert place.paragraph is not None
            in_cell = place.paragraph.parent is not None and place.paragraph.parent.name == "w:tc"
            made = _control(place.slot.key, tabular(value, b"")) + (b"<w:p/>" if in_cell else b"")
            yield place.paragraph.start, place.paragraph.end, made
        else:
            typed.append((place, _control(place.slot.key, body or run(str(value), _format(data, place.runs[0][0])))))
    for cluster in _clusters(typed):
        yield _convert(data, cluster)


def _clusters(typed: Sequence[tuple[Place, bytes]]) -> list[list[tuple[Place, bytes]]]:
    """Marks that share a run, together."""
    found: list[list[tuple[Place, bytes]]] = []
    for place, made in typed:
        if found and place.runs[0][0].start < found[-1][-1][0].runs[-1][0].end:
            found[-1].append((place, made))
        else:
            found.append([(place, made)])
    return found


def _convert(data: bytes, cluster: Sequence[tuple[Place, bytes]]) -> Edit:
    """Typed marks as controls in their places; the text around them keeps its runs, and what stood between runs stays."""
    runs = list({one.start: one for place, _ in cluster for one, *_ in place.runs}.values())
    cuts: dict[int, list[tuple[int, int, bytes]]] = {}
    for place, made in cluster:
        for i, (_, text, first, last) in enumerate(place.runs):
            cuts.setdefault(text.start, []).append((first, last, b"" if i else made))
    out = []
    for i, one in enumerate(runs):
        head, tail, kept = data[one.start : one.inner] + _format(data, one), data[one.close : one.end], b""
        for child in one.children:
            at = 0
            for first, last, made in cuts.get(child.start, ()):
                kept += _text(child.text[at:first])
                if made:
                    out += [head + kept + tail if kept else b"", made]
                    kept = b""
                at = last
            if child.start not in cuts:
                kept += b"" if child.name == "w:rPr" else data[child.start : child.end]
            else:
                kept += _text(child.text[at:])
        out.append(head + kept + tail if kept else b"")
        if i + 1 < len(runs):
            out.append(LEFT.sub(b"", data[one.end : runs[i + 1].start]))
    return runs[0].start, runs[-1].end, b"".join(out)


def _text(text: str) -> bytes:
    return f'<w:t xml:space="preserve">{text_of(text)}</w:t>'.encode() if text else b""


def _format(data: bytes, of: Element) -> bytes:
    """The properties of a run."""
    held = next((child for child in of.children if child.name == "w:rPr"), None)
    return data[held.start : held.end] if held else b""


def _control(key: str, content: bytes) -> bytes:
    """A content control; a key that is longer than a tag may be ends in its title."""
    more = f"<w:alias w:val={attribute_of(ELLIPSIS + key[LONGEST_TAG:])}/>" if len(key) > LONGEST_TAG else ""
    head = f"<w:sdt><w:sdtPr>{more}<w:tag w:val={attribute_of(key[:LONGEST_TAG])}/></w:sdtPr><w:sdtContent>"
    return head.encode() + content + b"</w:sdtContent></w:sdt>"


def _refill(data: bytes, control: Element, value: Value, body: bytes) -> Iterator[Edit]:
    """What a control shows, written anew; formats, and the author's look of a table, stay."""
    content = next((one for one in control.children if one.name == "w:sdtContent"), None)
    properties = next((one for one in control.children if one.name == "w:sdtPr"), None)
    waiting = next((one for one in properties.children if one.name == "w:showingPlcHdr"), None) if properties else None
    if waiting is not None:
        yield waiting.start, waiting.end, b""
    if content is None:
        yield control.close, control.close, b"<w:sdtContent>" + (body or run(str(value), b"")) + b"</w:sdtContent>"
        return
    if isinstance(value, Table):
        look = next((one for one in content.walk() if one.name == "w:tblPr"), None)
        made = tabular(value, data[look.start : look.end] if look else b"")
        yield content.start, content.end, b"<w:sdtContent>" + made + b"</w:sdtContent>"
        return
    runs = [one for one in content.walk() if one.name == "w:r"]
    own = _format(data, runs[0]) if runs and waiting is None else b""
    made = body or run(str(value), own)
    if runs:
        yield runs[0].start, runs[0].end, made
        yield from ((one.start, one.end, b"") for one in runs[1:] if one.start >= runs[0].end and _outermost(one, runs))
        return
    part = next((one for one in content.walk() if one.name == "w:p"), None)
    if part is None:
        within = made if control.above("w:p") else paragraph(made)
        yield content.start, content.end, b"<w:sdtContent>" + within + b"</w:sdtContent>"
    elif part.close == part.inner == part.end:
        yield part.start, part.end, paragraph(made)
    else:
        yield part.close, part.close, made


def _outermost(one: Element, runs: Sequence[Element]) -> bool:
    return not any(other.start < one.start < other.end for other in runs)


def _picture_run(held: zipfile.ZipFile, new: dict[str, bytes], name: str, place: Place, figure: Figure, number: int) -> bytes:
    """A run with the picture, whose file, relation and type are added to the parts."""
    file_ = f"fc_{output_files.segment(figure.name)}.png"
    target = f"word/media/{file_}"
    folder, _, file = name.rpartition("/")
    path = f"{folder}/_rels/{file}.rels"
    rels = new.get(path) or (held.read(path) if path in held.namelist() else b"")
    ident = next((ident for ident, to in _relations(held, name, rels.decode("utf-8")) if to == target), "")
    if not ident:
        ident = file_.removesuffix(".png")
        new[path] = relation(rels, ident, f"media/{file_}")
    new[target] = figure.png
    types = new.get("[Content_Types].xml") or held.read("[Content_Types].xml")
    if media_type(types) != types:
        new["[Content_Types].xml"] = media_type(types)
    text = held.read(name)
    width = own_width(text[place.control.start : place.control.end]) if place.control else 0
    return drawing(figure, ident, width, number)
