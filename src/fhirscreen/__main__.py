"""`fhirscreen`, and `python -m fhirscreen`."""

from __future__ import annotations

import gc

gc.disable()  # nothing of what is imported is garbage, and looking for some takes a tenth of the time

from fhirscreen.cli.app import app  # noqa: E402 - it goes on collecting when the command is imported


def main() -> None:
    """Runs the command line; ends the process with its exit code."""
    try:
        app(prog_name="fhirscreen")
    finally:
        if not gc.isenabled():  # no command ran: `--help`, or a word that is none
            gc.freeze()  # else all of it would be looked at in the end


if __name__ == "__main__":
    main()
