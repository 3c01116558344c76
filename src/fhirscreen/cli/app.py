"""The commands, and how every error ends: one message on standard error and an exit code."""

from __future__ import annotations

import gc
import importlib
import traceback
from collections.abc import Iterator, MutableMapping
from typing import Annotated, Any

import stamina.instrumentation
import typer
from typer.core import TyperGroup

from fhirscreen import __version__
from fhirscreen.cli.consoles import notices, print_error, stop_writing
from fhirscreen.exceptions import FhirscreenError, UsageError

_COMMANDS = {
    "demo": "demo",
    "read": "read",
    "check": "check",
    "explain": "explain",
    "screen": "screen",
    "publish": "publish",
    "serve": "serve",
    "forget": "forget",
    "doctor": "doctor",
    "token": "tokens",
}
"""The commands in the order of `--help`, and the module of each: a function of its name, or an `app`."""

_EXITS = """\
Exit codes: 0 done; 2 usage; 3 bad input, nothing was screened (or check found an error); 4 server trouble,
nothing was screened; 5 done but incomplete: the report says what was set aside or not fetched.
"""


class _Imported(MutableMapping[str, Any]):
    """The commands by name, each imported when it is asked for: none waits for what another needs."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _import_command(name, _COMMANDS[name])
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)


def _import_command(name: str, module: str) -> Any:
    found = importlib.import_module(f"fhirscreen.cli.{module}")
    made = _typer()
    if hasattr(found, "app"):
        made.add_typer(found.app, name=name)
    else:
        made.command(name)(getattr(found, name))
    return typer.main.get_group(made).commands[name]


def _typer(**given: Any) -> typer.Typer:
    return typer.Typer(
        add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown", **given
    )


class _Commands(TyperGroup):
    """A group whose commands never end in a traceback, unless --debug asks for it."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Imported()

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands, in the order of `--help`."""
        return list(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Imports the command that is meant; what a process imports to start is no garbage ever after."""
        found = super().resolve_command(ctx, args)
        if not gc.isenabled():  # by `fhirscreen.__main__`
            gc.freeze()
            gc.enable()
        return found

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


app = _typer(cls=_Commands, name="fhirscreen", no_args_is_help=True, epilog=_EXITS)


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
