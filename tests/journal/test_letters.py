"""Letters: one text, and HTML made from it."""

from pathlib import Path
from typing import Any

import pytest

from coditect.journal.letters import Block, read_blocks, write_letter
from tests.mails import html_of


@pytest.fixture
def write(tmp_path: Path, settings: Any) -> Any:
    """Writes a letter from a template's text."""
    backend = settings.TEMPLATES[0]
    settings.TEMPLATES = [{**backend, "DIRS": [tmp_path]}]
    (tmp_path / "mail").mkdir()

    def write(text: str, **context: str) -> Any:
        (tmp_path / "mail" / "test.txt").write_text(text)
        return write_letter("test", to="ada@example.com", context=context)

    return write


class TestLetter:
    def test_begins_with_its_subject(self, write: Any) -> None:
        letter = write("Hello {{ name }}\n\nHow are you?\n", name="Ada")
        assert (letter.subject, letter.body, letter.to) == ("Hello Ada", "How are you?\n", ["ada@example.com"])

    def test_is_text_and_html(self, write: Any) -> None:
        message = write("Hello\n\nHow are you?\n").message()
        assert [part.get_content_type() for part in message.walk()] == [
            "multipart/alternative",
            "text/plain",
            "text/html",
        ]

    def test_asks_no_machine_for_an_answer(self, write: Any) -> None:
        assert write("Hello\n\nHow are you?\n").message()["Auto-Submitted"] == "auto-generated"

    def test_escapes_in_html_alone(self, write: Any) -> None:
        letter = write("Hello {{ name }}\n\nDear {{ name }},\n", name="<script>&")
        assert letter.subject == "Hello <script>&"
        assert letter.body == "Dear <script>&,\n"
        assert "Dear &lt;script&gt;&amp;," in html_of(letter)
        assert "<script>" not in html_of(letter)

    @pytest.mark.parametrize("name", ["Ada\n\nClick: https://evil.example.com", "Ada\r\n\r\n    code", "Ada\u2028x\ty"])
    def test_keeps_a_name_on_one_line(self, write: Any, name: str) -> None:
        letter = write("Hello {{ name }}\n\n{{ name }}\n", name=name)
        assert len(letter.body.splitlines()) == 1
        assert letter.subject == f"Hello {' '.join(name.split())}"

    def test_knows_the_public_address(self, write: Any, settings: Any) -> None:
        settings.PUBLIC_URL = "https://api.example.com"
        letter = write("Hello\n\nDocs: {{ PUBLIC_URL }}/docs\n")
        assert letter.body == "Docs: https://api.example.com/docs\n"
        assert '<a href="https://api.example.com/docs"' in html_of(letter)

    def test_leaves_no_gap_where_a_condition_was(self, write: Any) -> None:
        assert write("Hello\n\nOne.\n\n{% if x %}{% endif %}\n\nTwo.\n").body == "One.\n\nTwo.\n"


class TestBlocks:
    def test_are_paragraphs_with_their_lines_joined(self) -> None:
        assert read_blocks("One\ntwo.\n\nThree.") == [
            Block(kind="paragraph", text="One two."),
            Block(kind="paragraph", text="Three."),
        ]

    def test_are_buttons_where_a_label_has_a_link(self) -> None:
        url = "https://api.example.com/?token=x"
        assert read_blocks(f"Open it: {url}") == [Block(kind="button", text="Open it", url=url)]

    @pytest.mark.parametrize(
        "text", ["See https://x.example", "Open: javascript:alert(1)", "Open: https://x.example now"]
    )
    def test_are_no_buttons_otherwise(self, text: str) -> None:
        assert [block.kind for block in read_blocks(text)] == ["paragraph"]

    def test_are_verbatim_where_indented(self) -> None:
        assert read_blocks("    curl x \\\n      -d y") == [Block(kind="verbatim", text="curl x \\\n  -d y")]
