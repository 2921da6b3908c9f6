"""The program ``ccat-operator``: its command, imported without looking for garbage."""

import gc


def main() -> None:
    """Import the command and run it.

    What is imported stays: collecting garbage in between finds none and takes long.
    """
    gc.disable()
    from ccat_operator.commands.main import main as run

    gc.freeze()
    gc.enable()
    run()
