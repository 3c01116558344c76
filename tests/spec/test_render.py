"""The committed manual is the one that the spec tests say."""

from __future__ import annotations

from tests.spec.contents import CHAPTERS
from tests.spec.render import FOLDER, pages


def test_manual_is_up_to_date() -> None:
    """`make manual` renders it again."""
    committed = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")}
    rendered = pages()
    stale = sorted(
        name for name in committed.keys() | rendered.keys() if committed.get(name) != rendered.get(name)
    )
    assert not stale, f"run `make manual`: {', '.join(stale)}"


def test_rows_stay_in_their_table() -> None:
    """Each row of a table has four cells on one line."""
    rows = [line for text in pages().values() for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) > 500
    assert all(line.replace("\\|", "").count("|") == 5 for line in rows)


def test_every_table_has_patients_and_every_topic_a_rule() -> None:
    """A rule without a patient shows nothing."""
    for chapter in CHAPTERS:
        for topic in chapter.topics:
            assert topic.text.endswith((".", "…")), topic.id
            assert all(table.cases for table in topic.tables), topic.id
