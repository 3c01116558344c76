"""The commands, and how every error ends: one message on standard error and an exit code."""

from __future__ import annotations

import traceback
from typing import Annotated, Any

import stamina.instrumentation
import typer
from typer.core import TyperGroup

from fhirscreen import __version__
from fhirscreen.cli.check import check
from fhirscreen.cli.consoles import notices, print_error, stop_writing
from fhirscreen.cli.demo import demo
from fhirscreen.cli.doctor import doctor
from fhirscreen.cli.explain import explain
from fhirscreen.cli.forget import forget
from fhirscreen.cli.publish import publish
from fhirscreen.cli.read import read
from fhirscreen.cli.screen import screen
from fhirscreen.cli.serve import serve
from fhirscreen.cli.tokens import app as tokens
from fhirscreen.exceptions import FhirscreenError, UsageError

_EXITS = """\
Exit codes: 0 done; 2 usage; 3 bad input, nothing was screened (or check found an error); 4 server trouble,
nothing was screened; 5 done but incomplete: the report says what was set aside or not fetched.
"""


class _Commands(TyperGroup):
    """A group whose commands never end in a traceback, unless --debug asks for it."""

    def invoke(self, ctx: Any) -> Any:
        """Runs a command; turns what it raises into a message and an exit code."""
        try:
            return super().invoke(ctx)
        except FhirscreenError as error:
            self._debug(ctx)
            print_error(error)
            raise typer.Exit(error.exit_code) from None
        except typer.Abort:
            raise  # a person stopped us
        except BrokenPipeError:
            stop_writing()
        except OSError as error:
            self._debug(ctx)
            print_error(
                UsageError(
                    f"cannot be read or written: {error.strerror or type(error).__name__}",
                    where=str(error.filename or ""),
                    expected="a place that this user may read or write, with room left",
                )
            )
            raise typer.Exit(UsageError.exit_code) from None
        except Exception as error:
            if hasattr(error, "exit_code"):
                raise  # typer's own: a usage error, or the end of a command
            self._debug(ctx)
            # The text of an unforeseen error may quote patient data: only its type is shown.
            print_error(
                FhirscreenError(
                    f"fhirscreen failed unexpectedly ({type(error).__name__})",
                    remedy="run `fhirscreen --debug ...` and report what it shows, without patient data",
                )
            )
            raise typer.Exit(FhirscreenError.exit_code) from None

    @staticmethod
    def _debug(ctx: Any) -> None:
        if ctx.params.get("debug"):
            notices().print(traceback.format_exc(), markup=False, soft_wrap=True)


app = typer.Typer(
    cls=_Commands,
    name="fhirscreen",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    epilog=_EXITS,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fhirscreen {__version__}")
        raise typer.Exit


@app.callback()
def settle(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Finds candidates for clinical trials in FHIR R4 data, with a verdict and evidence per criterion."""
    if not debug:
        # stamina would log every retry to standard error; what retrying could not mend is reported anyway.
        stamina.instrumentation.set_on_retry_hooks(())


for command in (demo, read, check, explain, screen, publish, serve, forget, doctor):
    app.command()(command)
app.add_typer(tokens, name="token")
