"""report.html: what a run did, as one page to look at, without network."""

from penstock.cli.html_report.page import render, write_html

__all__ = ["render", "write_html"]
