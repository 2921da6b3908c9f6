"""``python -m ccat_dev_stack.contained up|down|reset|status|logs``."""

from ccat_dev_stack.contained.commands import app

app(prog_name="python -m ccat_dev_stack.contained")
