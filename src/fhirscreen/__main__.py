"""`fhirscreen`, and `python -m fhirscreen`."""

from __future__ import annotations

from fhirscreen.cli.app import app


def main() -> None:
    """Runs the command line; ends the process with its exit code."""
    app(prog_name="fhirscreen")


if __name__ == "__main__":
    main()
