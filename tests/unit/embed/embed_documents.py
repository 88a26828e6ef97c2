"""A Quarto, a LaTeX and a Word document that hold thirty keys; in Word they are typed, and split over runs as Word does."""

import io

import docx
from contracts.report_run import US, WORLD

MONTHS = ("2026-04", "2026-05", "2026-06", "2026-07", "2026-08")
KEYS = (
    "effect:1 estimate t", "effect:1 lo95 t", "effect:1 hi95 t", "effect:1 verdict", "effect:1 estimate kt digits=1",
    "effect:1 estimate t locale=de", "effect:6 estimate", "effect:11 estimate kg", "effect:5 desc_estimate",
    "effect:9 observed_total", "effect:3 desc_estimate", "effect:1 p_value", "effect:1/regression estimate",
    "effect:6 n_clean", "effect:2 verdict",
    *(f"forecast:{WORLD}:{month} q50 t" for month in MONTHS),
    *(f"forecast:{US}:{month} q10" for month in MONTHS[:3]), f"forecast:{WORLD}:2026-06/ets q90",
    f"observed:{WORLD}:2026-01/2026-02 value", "effect:1", f"forecast:{WORLD}:2026-07", "table:effects",
    "figure:magnets", "cite",
)  # fmt: skip
assert len(KEYS) == 30

LATEX_HEAD = r"""\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{booktabs,graphicx}
\newcommand{\fc}[2]{#2} % \fc{not}{a slot}
\begin{document}
"""


def quarto_of(keys=KEYS):
    rows = [f"Row {i}: <!--fc {key}--><!--/fc--> and *so* on.\r\n\r\n" for i, key in enumerate(keys)]
    head = "---\ntitle: A paper\n---\n\n```\n<!--fc effect:1 estimate--> code <!--/fc-->\n```\n\nAnd `<!--fc x:y-->`, too.\n\n"
    return (head + "".join(rows)).replace("\r\n", "\n").replace("\n", "\r\n").encode()


def latex_key(key):
    return key.replace("%", r"\%")


def latex_of(keys=KEYS):
    rows = [f"Row {i}: \\fc{{{latex_key(key)}}}{{}}\n\n" for i, key in enumerate(keys)]
    tail = "\\begin{verbatim}\n\\fc{effect:1 estimate}{verbatim}\n\\end{verbatim}\n\\end{document}\n"
    return (LATEX_HEAD + "".join(rows) + tail).encode()


def word_of(keys=KEYS):
    """Each mark typed over two to five runs, with the marks of a spelling checker and a bookmark between some of them."""
    from docx.oxml import OxmlElement

    made = docx.Document()
    made.add_heading("A paper", 1)
    for i, key in enumerate(keys):
        alone = key.startswith(("table:", "figure:"))
        paragraph = made.add_paragraph("" if alone else "Lost: ")
        mark = f"{{{{ {key} }}}}"
        step = 1 if i % 5 == 1 else max(len(mark) // (2 + i % 3), 1)
        for at in range(0, len(mark), step):
            run = paragraph.add_run(mark[at : at + step])
            run.italic = True if at == 0 else None
            if at == step and i % 2:
                for name in ("w:proofErr", "w:bookmarkStart", "w:bookmarkEnd"):
                    element = OxmlElement(name)
                    element.set(
                        docx.oxml.ns.qn("w:type" if name == "w:proofErr" else "w:id"),
                        "spellStart" if "proof" in name else str(i),
                    )
                    if name == "w:bookmarkStart":
                        element.set(docx.oxml.ns.qn("w:name"), f"b{i}")
                    run._r.addnext(element)
        if not alone:
            paragraph.add_run(" and ")
            paragraph.add_run("really").bold = True
            paragraph.add_run(" & so on.")
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()
