"""Plain HTML, escaped."""

from dataclasses import dataclass
from html import escape
from http import HTTPStatus

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1f36; }
header { border-bottom: 2px solid #635bff; margin-bottom: 1.5rem; } h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .3rem .6rem .3rem 0;
border-bottom: 1px solid #e3e8ee; vertical-align: top; } form { display: inline-block; margin: .2rem .4rem .2rem 0; }
td:last-child { white-space: nowrap; } table { margin-bottom: 1rem; }
button { font: inherit; padding: .3rem .8rem; border: 1px solid #635bff; border-radius: 4px; background: #f6f8fa;
color: #1a1f36; cursor: pointer; } button:hover { background: #e3e1ff; } input { font: inherit; padding: .25rem; }
.problem { color: #b3093c; font-weight: bold; }
"""


@dataclass(frozen=True)
class Page:
    """What a browser gets: a document, or another address to go to."""

    body: str = ""
    status: int = HTTPStatus.OK
    location: str | None = None
    content_type: str = "text/html; charset=utf-8"


def document(title: str, *parts: str, status: int = HTTPStatus.OK) -> Page:
    """A page with a heading; the parts are HTML."""
    body = "\n".join(parts)
    return Page(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><header><h1>{escape(title)}</h1></header>\n{body}\n"
        "<p><small>This is the fake Stripe of a developer's machine. No money moves.</small></p></body></html>",
        status,
    )


def go_to(url: str) -> Page:
    """Send the browser elsewhere, with GET."""
    return Page(status=HTTPStatus.SEE_OTHER, location=url)


def text(words: object, *, css: str = "") -> str:
    return f'<p class="{css}">{escape(str(words))}</p>' if css else f"<p>{escape(str(words))}</p>"


def heading(words: str) -> str:
    return f"<h2>{escape(words)}</h2>"


def button(label: str, *, action: str, **hidden: object) -> str:
    """A button that posts these fields."""
    fields = "".join(_hidden(name, value) for name, value in hidden.items())
    return f'<form method="post" action="{escape(action)}">{fields}<button>{escape(label)}</button></form>'


def entry(label: str, *, action: str, name: str, value: object = "", **hidden: object) -> str:
    """A button beside a field to write in."""
    fields = "".join(_hidden(other, content) for other, content in hidden.items())
    box = f'<input name="{escape(name)}" value="{escape(str(value))}" aria-label="{escape(name)}" size="18">'
    return f'<form method="post" action="{escape(action)}">{fields}{box} <button>{escape(label)}</button></form>'


def _hidden(name: str, value: object) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(str(value))}">'


def link(label: str, url: str) -> str:
    return f'<a href="{escape(url)}">{escape(label)}</a>'


def table(headings: list[str], rows: list[list[str]]) -> str:
    """A table; the cells are HTML."""
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def money(cents: int) -> str:
    return f"-${-cents / 100:,.2f}" if cents < 0 else f"${cents / 100:,.2f}"
