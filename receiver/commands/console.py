"""What the commands print on, and how: text as it stands, for a deal's stage, a reason
or an id may hold what looks like the terminal's markup; but for what would command the
terminal itself.
"""

from typing import Any

from rich.console import Console
from rich.text import Text

from receiver.plain import plain


class PlainConsole(Console):
    """A console that shows text, whoever wrote it, and lets none of it command."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Every text comes by here, a table's cells too."""
        return super().render_str(plain(text), **options)


console = PlainConsole(markup=False)
