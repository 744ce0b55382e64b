"""What the commands print on, and how: text as it stands, for a deal's stage, a reason
or an id may hold what looks like the terminal's markup.
"""

from rich.console import Console

console = Console(markup=False)
