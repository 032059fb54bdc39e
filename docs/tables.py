"""Writes the tables of options and commands into the README, from the registry."""

from pathlib import Path

from qwen_nb.magics.help import commands_table, options_table

README = Path(__file__).parents[1] / "README.md"


def main() -> None:
    """Put each table between its two marks."""
    written = README.read_text("utf-8")
    for name, table in (("options", options_table()), ("commands", commands_table())):
        begin, end = f"<!-- {name}: made by docs/tables.py -->\n", f"\n<!-- end of {name} -->"
        before, _, rest = written.partition(begin)
        written = f"{before}{begin}{table}{end}{rest.partition(end)[2]}"
    README.write_text(written, "utf-8")


if __name__ == "__main__":
    main()
