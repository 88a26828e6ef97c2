"""The documentation site: the pages of forecast/guides, executed, and the docstrings of the public names.

python -m sphinx -W --keep-going -c .site forecast/guides build/site
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / ".site")]

import forecast  # noqa: E402

project, author = "forecast", "The forecast authors"
version = release = forecast.__version__
copyright = f"{author}, MIT licence"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc", "guide_pages"]
exclude_patterns = ["starter", "**/__pycache__"]
source_suffix = {".md": "myst-nb"}
nitpicky = False  # annotations name types of numpy, pandas and the package's inside; links of the pages are checked without it

# Pages: plain Markdown as GitHub shows it; their Python blocks become cells (guide_pages.py).
myst_heading_anchors = 4
myst_links_external_new_tab = False
nb_custom_formats = {".md": "guide_pages.read_guide"}
nb_execution_mode = "auto"  # executes where there is a cell
nb_execution_timeout = 120
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_output_stderr = "remove"  # the bar of an answer that takes long
nb_merge_streams = True
nb_ipywidgets_js = {}  # by default two addresses of a network

# Docstrings.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # types stand in the docstrings, beside units and shapes
autosummary_generate = False
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
add_module_names = False
toc_object_entries_show_parents = "hide"

# Look.
html_theme = "pydata_sphinx_theme"
html_title = "forecast"
html_static_path = [str(ROOT / ".site" / "static")]
html_css_files = ["site.css"]
html_copy_source = False
html_domain_indices = False
html_show_sourcelink = False
templates_path = [str(ROOT / ".site" / "templates")]
html_sidebars = {"**": ["all_pages"]}
html_theme_options = {
    "logo": {"text": "forecast"},
    "navbar_center": [],
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
pygments_style = "default"
