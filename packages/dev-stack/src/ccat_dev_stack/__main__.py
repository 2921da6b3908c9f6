"""``python -m ccat_dev_stack up|down|reset|status|logs``."""

from ccat_dev_stack.stack.commands import main

main()
